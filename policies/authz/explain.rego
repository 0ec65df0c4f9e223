package authz

# METADATA
# title: Why?
# description: The facts of an `allow` decision, for the host to word. Never evaluated on the way of a decision.
# scope: document
# entrypoint: true
explain := object.union(_facts, _optional_facts)

_facts := {
	"allowed": allow.allowed,
	"reasons": sort([reason | some reason in _reasons]),
	"method": _method_text,
	"caller": _caller_kind,
	"roles": _roles_that_count,
	"missing_permissions": sort([permission | some permission in _missing_permissions]),
	"required_scopes": sort([scope | some scope, _ in _operation.scopes]),
}

_method_text := _method if {
	is_string(_method)
} else := ""

_optional_facts := object.union_n([
	{key: value | some key in ["rule"]; value := _deciding_rule},
	{key: value | some key in ["endpoint"]; value := _route.endpoint},
	{key: value | some key in ["workspace"]; _route; value := _workspace},
	{key: value | some key in ["scopes_presented"]; not _malformed; value := _scopes},
])

_deciding_rule := "D6" if {
	_no_data
} else := "D1" if {
	not _malformed
	_unknown
} else := "D2" if {
	_operation.deny
} else := "D2" if {
	_fenced
} else := "D2" if {
	_path_workspace == "-"
	_operation.all_workspaces == false
} else := "D4" if {
	_wrong_caller
	_operation.callers == "service_principal"
	_operation.admin == false
} else := "D3" if {
	_wrong_caller
} else := "D5" if {
	not _malformed
	not _operation.public
	_caller_permitted
	not _delegate_permitted
} else := "A1" if {
	allow.allowed
	_operation.public
} else := _rule(_caller_principals) if {
	allow.allowed
}

_no_data if not _index.routes

_unknown if not _operation

_unknown if contains(_path_workspace, "%")

_reasons contains "no_data" if _no_data

_reasons contains "input_invalid" if _malformed

_reasons contains "path_not_canonical" if {
	is_string(_path)
	not _canonical
}

_reasons contains "path_not_canonical" if contains(_path_workspace, "%")

_reasons contains "unknown_path" if {
	not _no_data
	_canonical
	not _route
}

_reasons contains "unknown_method" if {
	_route
	not _operation
}

_reasons contains "operation_denied" if _operation.deny

_reasons contains "operation_denied" if _fenced

_reasons contains "operation_denied" if {
	_path_workspace == "-"
	_operation.all_workspaces == false
}

_reasons contains "caller_kind" if _wrong_caller

_reasons contains "not_authenticated" if {
	_caller_kind == "anonymous"
	not _operation.public
}

_reasons contains "scope_missing" if {
	_operation
	not _operation.public
	not _scopes_fit
}

_reasons contains "delegate_not_allowed" if {
	_operation
	not _operation.public
	not _delegate_permitted
}

_reasons contains reason if {
	_operation
	not _operation.public
	_caller_kind != "anonymous"
	not _caller_permitted
	reason := _role_reason
}

_role_reason := "role_missing" if {
	count(_roles_that_count) == 0
} else := "role_insufficient"

_roles_that_count := {principal: roles |
	not _malformed
	_caller_kind != "anonymous"
	_route
	some principal in _everybody
	roles := _target_roles[principal]
}

# Permissions for workspace `-` are looked up in `system`.
_target_roles := _system_roles if {
	_workspace == "-"
} else := _workspace_roles

_missing_permissions contains permission if {
	_caller_kind != "anonymous"
	not _operation.public
	not _caller_permitted
	some permission in _operation.permissions
	not _holds(_caller_principals, _target_roles, permission)
}

_missing_permissions contains permission if {
	_caller_kind == "service"
	_delegated
	_is_person(_delegate_id)
	not _operation.public
	not _delegate_permitted
	some permission in _operation.permissions
	not _holds(_delegate_principals, _target_roles, permission)
}
