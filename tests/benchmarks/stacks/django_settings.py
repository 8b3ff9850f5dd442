"""The settings that Django starts with; each case writes its own over them."""

ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.benchmarks.stacks.django"
