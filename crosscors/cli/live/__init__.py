"""``crosscors push``, ``pull``, ``watch`` and ``history``: the policy in Redis that workers follow."""
