# What is held: roles and permissions of one identity, given as its stored principals, in one workspace.
package authz

import data.authz.bindings

# Whose roles the decision can need.
_everybody := array.concat(_caller_principals, array.concat(_delegate_principals, ["*"])) if {
	_delegated
} else := array.concat(_caller_principals, ["*"])

_workspace_roles := bindings.in_workspace(_workspace, _everybody)

_system_roles := bindings.in_workspace("system", _everybody)

_platform_admin(principals) if {
	some principal in principals
	some role in _system_roles[principal]
	role == "PlatformAdmin"
}

_holds_all(principals, roles, permissions) if {
	every permission in permissions {
		_holds(principals, roles, permission)
	}
}

_holds(principals, roles, permission) if {
	_holds_itself(principals, roles, permission)
} else if {
	holders := _holders(permission)
	some role in roles["*"]
	holders[role]
}

# Without the bindings of everybody.
_holds_itself(principals, roles, permission) if {
	holders := _holders(permission)
	some principal in principals
	some role in roles[principal]
	holders[role]
} else if {
	startswith(principals[0], "service:")
	not roles[principals[0]]
	_holders(permission).ServiceSystem
}

# Roles that hold it; for a permission that nothing mentions, those that hold everything.
_holders(permission) := value if {
	value := _index.grants[permission]
} else := _index.grants["*"]
