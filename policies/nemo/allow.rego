package authz

# METADATA
# title: May this request pass, by the reference's rules?
# description: Any of N1 to N9 and none of X1 to X8. Result {"allowed", "headers"}.
# scope: document
# entrypoint: true
default allow := {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}

allow := {"allowed": true, "headers": {"X-NMP-Authorized": "true"}} if {
	not _malformed(input)
	routes := _request_routes
	workspace := _request_workspace(routes)
	route := _request_winner(routes)
	operation := _request_operation(route)
	_allowing(routes, workspace, operation)
	not _denying(operation)
}

_request_segments := _segments(_path(input))

_request_routes := value if {
	value := _matches(data.authz_data.index, _request_segments)
} else := []

_request_workspace(routes) := "" if {
	count(routes) == 0
} else := _workspace(routes, _request_segments)

_request_winner(routes) := {"operations": {}} if {
	count(routes) == 0
} else := _winner(routes)

_request_operation(route) := value if {
	value := route.operations[upper(_method(input))]
} else := {}

_request_principals := value if {
	value := _principals(input)
} else := []

_allowing(routes, workspace, operation) := "N1" if {
	_platform_admin(_request_principals)
} else := "N2" if {
	_is_service(_id(input))
	count(routes) == 0
} else := rule if {
	count(_request_principals) > 0
	_scopes_fit(operation)
	rule := _rule(routes, workspace, operation)
} else := "N9" if {
	_path(input) in ["/health/live", "/health/ready", "/status", "/metrics"]
}

_rule(routes, workspace, operation) := "N3" if {
	count(operation.permissions) > 0
	workspace != ""
	workspace != "-"
	_one_holds_all(_request_principals, workspace, operation.permissions)
} else := "N4" if {
	count(operation.permissions) > 0
	workspace == "-"
	_method(input) in ["POST", "PUT", "PATCH", "DELETE"]
	services := [principal | some principal in _request_principals; _is_service(principal)]
	_one_holds_all(services, workspace, operation.permissions)
} else := "N5" if {
	count(operation.permissions) > 0
	workspace == ""
	_one_holds_all(_request_principals, "system", operation.permissions)
} else := "N6" if {
	_reads
	workspace == ""
	count(routes) > 0
	count(object.get(operation, "permissions", [])) == 0
} else := "N7" if {
	_reads
	workspace == "-"
} else := "N8" if {
	operation.permissions == []
}

_reads if _method(input) in ["GET", "HEAD"]

_scopes_fit(operation) if {
	not _platform_scoped
} else if {
	not operation.scopes
} else if {
	some scope in _scopes(input)
	contains(scope, ":")
	operation.scopes[scope]
}

_platform_scoped if {
	some scope in _scopes(input)
	contains(scope, ":")
}
