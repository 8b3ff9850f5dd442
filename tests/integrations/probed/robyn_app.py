"""Robyn with its CORS helper; or with the policy of crosscors, asked by two hooks.

``python robyn_app.py PORT own|crosscors``
"""

import sys

from robyn import ALLOW_CORS, Request, Response, Robyn

from crosscors import CORSPolicy, CORSRequest

port, cors = int(sys.argv[1]), sys.argv[2]
sys.argv[1:] = []
origins = ["https://app.example.com", "https://www.example.com"]
app = Robyn(__file__)
if cors == "own":
    ALLOW_CORS(app, origins=origins)


else:
    policy = CORSPolicy(allow_origins=origins, allow_credentials=True)

    def decide(request: Request):
        names = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
        origin, method, headers = (request.headers.get(name) for name in names)
        return policy.decide(
            CORSRequest(
                method=request.method,
                path=request.url.path,
                origin=origin,
                request_method=method,
                request_headers=headers,
            )
        )

    def fields(decision):
        return {**dict(decision.headers), "Vary": ", ".join(decision.vary)}

    @app.before_request()
    def answer_preflights(request: Request):
        decision = decide(request)
        if decision.status is None:
            return request
        return Response(status_code=decision.status, description="", headers=fields(decision))

    @app.after_request()
    def write(request: Request, response: Response):
        for name, value in fields(decide(request)).items():
            response.headers.set(name, value)
        return response


@app.get("/items")
def items(request: Request):
    return "[]"


app.start(host="127.0.0.1", port=port)
