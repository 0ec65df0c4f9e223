package authz

# METADATA
# title: May this request pass?
# description: Any allow rule and no deny rule. Result {"allowed", "headers"}.
# scope: document
# entrypoint: true
default allow := {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}

allow := {"allowed": true, "headers": {"X-NMP-Authorized": "true"}} if {
	_permitted
	not _denied
}

default _permitted := false

_permitted if {
	_operation.public
} else if {
	_scopes_fit
	_caller_permitted
	_delegate_permitted
}

default _denied := false

_denied if {
	_malformed
} else if {
	_operation.deny
} else if {
	_fenced
} else if {
	contains(_path_workspace, "%")
} else if {
	_path_workspace == "-"
	_operation.all_workspaces == false
} else if {
	_wrong_caller
}

default _wrong_caller := false

_wrong_caller if {
	_operation.callers == "service_principal"
	_caller_kind != "service"
	not _exempt
} else if {
	_operation.callers == "principal"
	_caller_kind == "service"
}

_exempt if {
	not _operation.admin == false
	_caller_kind == "person"
	_platform_admin(_caller_principals)
}

default _scopes_fit := false

_scopes_fit if {
	not _scopes
} else if {
	not _operation.scopes
} else if {
	some scope in _scopes
	_operation.scopes[scope]
} else if {
	_index.scopes == "off"
} else if {
	_index.scopes == "lenient"
	not _platform_scoped
}

_platform_scoped if {
	some scope in _scopes
	contains(scope, ":")
}

default _caller_permitted := false

_caller_permitted if {
	_caller_kind != "anonymous"
	_rule(_caller_principals)
}

default _delegate_permitted := false

_delegate_permitted if {
	not _delegated
} else if {
	_caller_kind == "service"
	_is_person(_delegate_id)
	_rule(_delegate_principals)
}

# The rule that allows the operation to an identity, scopes and caller kind aside.
_rule(principals) := "A4" if {
	_workspace != "-"
	count(_operation.permissions) > 0
	_holds_all(principals, _workspace_roles, _operation.permissions)
} else := "A3" if {
	count(_operation.permissions) == 0
} else := "A5" if {
	_workspace == "-"
	_reads
} else := "A6" if {
	_workspace == "-"
	startswith(principals[0], "service:")
	_holds_all(principals, _system_roles, _operation.permissions)
} else := "A2" if {
	_operation
	_platform_admin(principals)
}

_reads if _method == "GET"

_reads if _method == "HEAD"
