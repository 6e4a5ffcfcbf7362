"""Who may do what: calls that are made with a role are held to the role's policies.

`sessions` says who calls, `actions` what a call needs, `decision` whether policies allow it.
"""
