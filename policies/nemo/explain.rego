package authz

import data.authz.bindings

# METADATA
# title: Why, by the reference's rules?
# description: The facts of an `allow` decision, for the host to word. Never evaluated on the way of a decision.
# scope: document
# entrypoint: true
explain := object.union(_facts, _optional_facts)

_facts := {
	"allowed": _is_allowed(input),
	"reasons": sort(_reasons),
	"method": _method_text,
	"caller": _caller_kind,
	"roles": _roles_that_count,
	"missing_permissions": sort(_missing_permissions),
	"required_scopes": sort([scope | some scope, _ in _explained_operation.scopes]),
}

_method_text := value if {
	value := _method(input)
	is_string(value)
} else := ""

_caller_kind := "service" if {
	_is_service(_id(input))
} else := "person" if {
	count(_principals(input)) > 0
} else := "anonymous"

_optional_facts := object.union_n([
	{key: value | some key in ["rule"]; value := _deciding_rule},
	{key: value | some key in ["endpoint"]; value := _explained_route.endpoint},
	{key: value | some key in ["workspace"]; value := _looked_up_in},
	{key: value | some key in ["scopes_presented"]; value := _scopes(input); count(value) > 0; _texts(value)},
])

_path_segments := _request_segments(input)

_routes := _matches(_path_segments)

_explained_route := _winner(_routes)

_explained_operation := _request_operation(_request_winner(_routes), input)

_explained_workspace := _request_workspace(_routes, _path_segments)

_overriding := _denying(input, _path_segments, _explained_operation)

_looked_up_in := "system" if {
	_explained_workspace == ""
	_explained_route
} else := _explained_workspace if {
	_explained_workspace != ""
}

_deciding_rule := rule if {
	rule := _overriding
} else := rule if {
	_allowed(input)
	rule := _allowing(input, _routes, _explained_workspace, _explained_operation)
}

_reasons contains "input_invalid" if _malformed(input)

_reasons contains "no_data" if not data.authz_data.index.trailing

_reasons contains "unknown_path" if {
	not _allowed(input)
	not _found
}

_found if {
	_explained_route
	is_string(_explained_workspace)
}

_reasons contains "unknown_method" if {
	not _allowed(input)
	_explained_route
	not _listed
}

_listed if _configured(_explained_route, _method(input))

_reasons contains "operation_denied" if _overriding in ["X1", "X2", "X3", "X4", "X8"]

_reasons contains "caller_kind" if _overriding in ["X3", "X5", "X6", "X7"]

_reasons contains "not_authenticated" if {
	not _allowed(input)
	count(_principals(input)) == 0
}

_reasons contains "scope_missing" if {
	not _allowed(input)
	not _scopes_fit(input, _explained_operation)
	not _platform_admin(_principals(input))
}

_reasons contains reason if {
	count(_principals(input)) > 0
	not _allowed(input)
	_explained_route
	not _allowed_but_for_scopes
	reason := _role_reason
}

_allowed_but_for_scopes if _platform_admin(_principals(input))

_allowed_but_for_scopes if _rule(_principals(input), count(_routes) > 0, _explained_workspace, _explained_operation, _method(input))

_role_reason := "role_missing" if {
	count(_roles_that_count) == 0
} else := "role_insufficient"

_roles_that_count := {principal: roles |
	not _malformed(input)
	count(_principals(input)) > 0
	some principal in array.concat(_principals(input), ["*"])
	roles := bindings.roles(_looked_up_in, principal)
}

_missing_permissions contains permission if {
	count(_principals(input)) > 0
	not _allowed(input)
	not _allowed_but_for_scopes
	some permission in _explained_operation.permissions
	every principal in _principals(input) {
		not _holds(principal, _looked_up_in, permission)
	}
}
