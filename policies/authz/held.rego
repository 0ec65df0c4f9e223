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
	holders := _holders(permission)
	some role in bindings.roles(workspace, "*")
	holders[role]
}

# Without the bindings of everybody.
_holds_itself(principals, workspace, permission) if {
	holders := _holders(permission)
	some principal in principals
	some role in bindings.roles(workspace, principal)
	holders[role]
} else if {
	_default_role(principals, workspace)
	_holders(permission).ServiceSystem
}

# A service without a binding of its own in a workspace has role ServiceSystem there.
_default_role(principals, workspace) if {
	_is_service(principals[0])
	not bindings.roles(workspace, principals[0])
}

# Roles that hold it; for a permission that nothing mentions, those that hold everything.
_holders(permission) := value if {
	value := data.authz_data.index.grants[permission]
} else := data.authz_data.index.grants["*"]
