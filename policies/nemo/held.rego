# What one principal holds; ids, e-mails and groups are not united.
package authz

import data.authz.bindings

_platform_admin(principals) if {
	some principal in principals
	some role in bindings.roles("system", principal)
	role == "PlatformAdmin"
}

_one_holds_all(principals, workspace, permissions) if {
	some principal in principals
	_holds_all(principal, workspace, permissions)
}

_holds_all(principal, workspace, permissions) if {
	every permission in permissions {
		_holds(principal, workspace, permission)
	}
}

# `permission`, or `workspace/permission`, which bindings of everybody do not satisfy.
_holds(principal, workspace, permission) if {
	not contains(permission, "/")
	_holds_itself(principal, workspace, permission)
} else if {
	not contains(permission, "/")
	holders := _holders(permission)
	some role in bindings.roles(workspace, "*")
	holders[role]
} else if {
	parts := split(permission, "/")
	count(parts) == 2
	_holds_itself(principal, parts[0], parts[1])
}

_holds_itself(principal, workspace, permission) if {
	holders := _holders(permission)
	some role in _effective_roles(principal, workspace)
	holders[role]
}

_effective_roles(principal, workspace) := roles if {
	roles := bindings.roles(workspace, principal)
	count(roles) > 0
} else := ["ServiceSystem"] if {
	_is_service(principal)
}

_holders(permission) := value if {
	value := data.authz_data.index.grants[permission]
} else := data.authz_data.index.grants["*"]
