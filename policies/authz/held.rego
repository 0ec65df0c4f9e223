# What is held: roles and permissions of one identity, given as its stored principals, in one workspace.
package authz

import data.authz.bindings

_platform_admin(principals) if {
	some principal in principals
	some role in bindings.roles("system", principal)
	role == "PlatformAdmin"
}

_holds_all(principals, workspace, permissions) if {
	every permission in permissions {
		_holds(principals, workspace, permission)
	}
}

_holds(principals, workspace, permission) if {
	_holds_itself(principals, workspace, permission)
} else if {
	some role in bindings.roles(workspace, "*")
	_grants(role, permission)
}

# Without the bindings of everybody.
_holds_itself(principals, workspace, permission) if {
	some principal in principals
	some role in bindings.roles(workspace, principal)
	_grants(role, permission)
} else if {
	_default_role(principals, workspace)
	_grants("ServiceSystem", permission)
}

# A service without a binding of its own in a workspace has role ServiceSystem there.
_default_role(principals, workspace) if {
	_is_service(principals[0])
	not bindings.roles(workspace, principals[0])
}

# A permission that nothing mentions is held by the roles that hold everything.
_grants(role, permission) if {
	data.authz_data.index.grants[permission][role]
} else if {
	data.authz_data.index.grants["*"][role]
	not data.authz_data.index.grants[permission]
}
