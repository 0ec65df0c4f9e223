package authz

# METADATA
# title: May this request pass, by the reference's rules?
# description: Any of N1 to N9 and none of X1 to X8. Result {"allowed", "headers"}.
# scope: document
# entrypoint: true
default allow := {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}

allow := {"allowed": true, "headers": {"X-NMP-Authorized": "true"}} if _allowed(input)

# The decision as a function, so that a batch decides in one evaluation.
_allowed(request) if {
	not _malformed(request)
	segments := _request_segments(request)
	routes := _matches(segments)
	workspace := _request_workspace(routes, segments)
	operation := _request_operation(_request_winner(routes), request)
	_allowing(request, routes, workspace, operation)
	not _denying(request, segments, operation)
}

# Without a path there is nothing to match; the reference goes on.
_request_segments(request) := value if {
	value := _segments(_path(request))
} else := []

_request_workspace(routes, segments) := "" if {
	count(routes) == 0
} else := _workspace(routes, segments)

# A route without operations where no template matches.
_request_winner(routes) := {} if {
	count(routes) == 0
} else := _winner(routes)

_request_operation(route, request) := value if {
	value := _configured(route, _method(request))
} else := {} if {
	route
}

# Whatever its case; but no letter stands for another one, as `ſ` would for `S`.
_configured(route, method) := value if {
	value := data.authz_data.index.operations[route.operations][method]
} else := value if {
	upper_case := upper(method)
	lower(upper_case) == lower(method)
	value := data.authz_data.index.operations[route.operations][upper_case]
}

_allowing(request, routes, workspace, operation) := "N1" if {
	_platform_admin(_principals(request))
} else := "N2" if {
	_is_service(_id(request))
	count(routes) == 0
} else := rule if {
	principals := _principals(request)
	count(principals) > 0
	_scopes_fit(request, operation)
	rule := _rule(principals, count(routes) > 0, workspace, operation, _method(request))
} else := "N9" if {
	_path(request) in ["/health/live", "/health/ready", "/status", "/metrics"]
}

_rule(principals, known, workspace, operation, method) := "N3" if {
	count(operation.permissions) > 0
	workspace != ""
	workspace != "-"
	_one_holds_all(principals, workspace, operation.permissions)
} else := "N4" if {
	count(operation.permissions) > 0
	workspace == "-"
	method in ["POST", "PUT", "PATCH", "DELETE"]
	services := [principal | some principal in principals; _is_service(principal)]
	_one_holds_all(services, workspace, operation.permissions)
} else := "N5" if {
	count(operation.permissions) > 0
	workspace == ""
	_one_holds_all(principals, "system", operation.permissions)
} else := "N6" if {
	method in ["GET", "HEAD"]
	workspace == ""
	known
	count(object.get(operation, "permissions", [])) == 0
} else := "N7" if {
	method in ["GET", "HEAD"]
	workspace == "-"
} else := "N8" if {
	operation.permissions == []
}

_scopes_fit(request, operation) if {
	not _platform_scoped(request)
} else if {
	not operation.scopes
} else if {
	some scope in _scopes(request)
	contains(scope, ":")
	operation.scopes[scope]
}

_platform_scoped(request) if {
	some scope in _scopes(request)
	contains(scope, ":")
}
