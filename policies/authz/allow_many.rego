package authz

# METADATA
# title: May these requests pass?
# description: The decisions of `allow` for every element of `input.requests`, in order, on one slice. A list of booleans.
# scope: document
# entrypoint: true
allow_many := [allowed |
	is_array(input.requests)
	some request in input.requests
	allowed := _is_allowed(request)
]

_is_allowed(request) if {
	_allowed(request)
} else := false
