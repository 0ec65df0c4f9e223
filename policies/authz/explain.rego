package authz

import data.authz.bindings

# METADATA
# title: Why?
# description: The facts of an `allow` decision, for the host to word. Never evaluated on the way of a decision.
# scope: document
# entrypoint: true
explain := object.union(_facts, _optional_facts)

_facts := {
	"allowed": _is_allowed(input),
	"reasons": sort(_reasons),
	"method": _method_text,
	"caller": _caller_kind(input),
	"roles": _roles_that_count,
	"missing_permissions": sort(_missing_permissions),
	"required_scopes": sort([scope | some scope, _ in _explained_operation.scopes]),
}

_method_text := value if {
	value := _method(input)
	is_string(value)
} else := ""

_optional_facts := object.union_n([
	{key: value | some key in ["rule"]; value := _deciding_rule},
	{key: value | some key in ["endpoint"]; value := _explained_route.endpoint},
	{key: value | some key in ["workspace"]; value := _explained_workspace},
	{key: value | some key in ["scopes_presented"]; value := _scopes(input); _texts(value)},
])

_path_segments := _segments(_path(input))

# What the path names, canonical or not.
_explained_route := _route(_path_segments) if not _trailing_slash

_trailing_slash if {
	count(_path_segments) > 2
	_path_segments[count(_path_segments) - 1] == ""
}

_explained_operation := _operation(_explained_route, _method(input)) if _path_canonical

_explained_workspace := _workspace(_explained_route, _path_segments)

# One trailing slash is canonical, and unknown.
_path_canonical if {
	_path_segments[0] == ""
	count(_path_segments) > 1
	every position, segment in _path_segments {
		_in_place(segment, position)
	}
	not _escaped_workspace
}

_in_place(segment, position) if {
	_segment_canonical(segment)
} else if {
	segment == ""
	position in [0, count(_path_segments) - 1]
}

_escaped_workspace if {
	_explained_route
	not _workspace_fits(_explained_route, _path_segments)
}

_wrongly_called if _wrong_caller(input, _explained_operation)

_closed if _explained_operation.deny

_closed if _fenced(_path_segments)

_closed if {
	_explained_operation.all_workspaces == false
	_explained_workspace == "-"
}

_caller_rule := _rule(_caller(input), _explained_operation, _explained_workspace, _method(input))

_scopes_missing if not _scopes_fit(_explained_operation, _scopes(input))

_delegate_refused if not _delegate_permitted(input, _explained_operation, _explained_workspace, _method(input))

_needs_rights if {
	_explained_operation
	not _explained_operation.public
}

_no_data if not data.authz_data.index.trailing

_deciding_rule := "D6" if {
	_no_data
} else := "D1" if {
	not _malformed(input)
	not _explained_operation
} else := "D2" if {
	_closed
} else := "D4" if {
	_wrongly_called
	_explained_operation.callers == "service_principal"
	_explained_operation.admin == false
} else := "D3" if {
	_wrongly_called
} else := "D5" if {
	not _malformed(input)
	_needs_rights
	_caller_rule
	_delegate_refused
} else := "A1" if {
	_allowed(input)
	_explained_operation.public
} else := _caller_rule if {
	_allowed(input)
}

_reasons contains "no_data" if _no_data

_reasons contains "input_invalid" if _malformed(input)

_reasons contains "input_invalid" if not _path(input)

_reasons contains "input_invalid" if not _method(input)

_reasons contains "path_not_canonical" if {
	is_string(_path(input))
	not _path_canonical
}

_reasons contains "unknown_path" if {
	not _no_data
	_path_canonical
	not _explained_route
}

_reasons contains "unknown_method" if {
	_path_canonical
	_explained_route
	not _explained_operation
}

_reasons contains "operation_denied" if _closed

_reasons contains "caller_kind" if _wrongly_called

_reasons contains "not_authenticated" if {
	_caller_kind(input) == "anonymous"
	not _explained_operation.public
}

_reasons contains "scope_missing" if {
	_needs_rights
	_scopes_missing
}

_reasons contains "delegate_not_allowed" if {
	_needs_rights
	_delegate_refused
}

_reasons contains reason if {
	_needs_rights
	_caller(input)
	not _caller_rule
	reason := _role_reason
}

_role_reason := "role_missing" if {
	count(_roles_that_count) == 0
} else := "role_insufficient"

# Permissions for workspace `-` are looked up in `system`.
_looked_up_in := "system" if {
	_explained_workspace == "-"
} else := _explained_workspace

_roles_that_count := {principal: roles |
	not _malformed(input)
	some principal in array.concat(array.concat(_caller(input), _delegate_or_nobody), ["*"])
	roles := bindings.roles(_looked_up_in, principal)
}

_delegate_or_nobody := value if {
	value := _delegate(input)
} else := []

_missing_permissions contains permission if {
	_needs_rights
	principals := _caller(input)
	not _caller_rule
	some permission in _explained_operation.permissions
	not _holds(principals, _looked_up_in, permission)
}

_missing_permissions contains permission if {
	_needs_rights
	_delegate_refused
	principals := _delegate(input)
	some permission in _explained_operation.permissions
	not _holds(principals, _looked_up_in, permission)
}
