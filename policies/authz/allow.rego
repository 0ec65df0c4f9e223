package authz

# METADATA
# title: May this request pass?
# description: Any allow rule and no deny rule. Result {"allowed", "headers"}.
# scope: document
# entrypoint: true
default allow := {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}

allow := {"allowed": true, "headers": {"X-NMP-Authorized": "true"}} if _allowed(input)

# The decision as a function, so that a batch decides in one evaluation.
_allowed(request) if {
	segments := _segments(_path(request))
	route := _route(segments)
	method := _method(request)
	operation := _operation(route, method)
	workspace := _workspace(route, segments)
	_permitted(request, operation, workspace, method)
	not _denied(request, operation, workspace)
	not _fenced(segments)
	_path_fits(route, segments)
}

_permitted(request, operation, workspace, method) if {
	_scopes_fit(operation, _scopes(request))
	_rule(_caller(request), operation, workspace, method)
	_delegate_permitted(request, operation, workspace, method)
} else if {
	operation.public
	not _malformed(request)
}

_denied(request, operation, workspace) if {
	operation.deny
} else if {
	operation.all_workspaces == false
	workspace == "-"
} else if {
	_wrong_caller(request, operation)
} else if {
	_malformed_attributes(request)
}

_wrong_caller(request, operation) if {
	operation.callers == "service_principal"
	not _service_calls(request)
	not _exempt(request, operation)
} else if {
	operation.callers == "principal"
	_is_service(_caller_id(request))
}

# A function of its own: `not f(g(x))` is undefined where g(x) is, and so would be the deny of nobody.
_service_calls(request) if _is_service(_caller_id(request))

_exempt(request, operation) if {
	not operation.admin == false
	_platform_admin(_caller(request))
}

_scopes_fit(operation, scopes) if {
	scopes == null
} else if {
	some scope in scopes
	operation.scopes[scope]
	_texts(scopes)
} else if {
	not operation.scopes
	_texts(scopes)
} else if {
	data.authz_data.index.scopes == "off"
	_texts(scopes)
} else if {
	data.authz_data.index.scopes == "lenient"
	_texts(scopes)
	not _platform_scoped(scopes)
}

_platform_scoped(scopes) if {
	some scope in scopes
	contains(scope, ":")
}

_delegate_permitted(request, operation, workspace, method) if {
	_delegate_id(request) == ""
	_delegate_email(request) == ""
	_delegate_groups(request) == []
} else if {
	_rule(_delegate(request), operation, workspace, method)
} else if {
	# Claims of nobody are of no effect, but not of any type.
	_delegate_id(request) == ""
	_claims_of(_delegate_email(request), _delegate_groups(request))
}

# The rule that allows the operation to an identity, scopes and caller kind aside.
_rule(principals, operation, workspace, method) := "A4" if {
	workspace != "-"
	count(operation.permissions) > 0
	_holds_all(principals, workspace, operation.permissions)
} else := "A3" if {
	count(operation.permissions) == 0
	principals
} else := "A5" if {
	workspace == "-"
	_reads(method)
	principals
} else := "A6" if {
	workspace == "-"
	_is_service(principals[0])
	_holds_all(principals, "system", operation.permissions)
} else := "A2" if {
	_platform_admin(principals)
}

_reads("GET")

_reads("HEAD")
