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
	some role in bindings.roles(workspace, "*")
	_grants(role, permission)
} else if {
	parts := split(permission, "/")
	count(parts) == 2
	_holds_itself(principal, parts[0], parts[1])
}

_holds_itself(principal, workspace, permission) if {
	some role in _effective_roles(principal, workspace)
	_grants(role, permission)
}

_effective_roles(principal, workspace) := roles if {
	roles := bindings.roles(workspace, principal)
	count(roles) > 0
} else := ["ServiceSystem"] if {
	_is_service(principal)
}

# A permission that nothing mentions is held by the roles that hold everything.
_grants(role, permission) if {
	data.authz_data.index.grants[permission][role]
} else if {
	data.authz_data.index.grants["*"][role]
	not data.authz_data.index.grants[permission]
}
