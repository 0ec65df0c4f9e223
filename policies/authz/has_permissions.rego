package authz

import data.authz.bindings

# METADATA
# title: Does the principal hold these permissions?
# description: All of them, in the named workspace; scopes play no part. Result {"allowed"}.
# scope: document
# entrypoint: true
default has_permissions := {"allowed": false}

has_permissions := {"allowed": true} if {
	_identity_well_formed
	_permissions_question
	_caller_kind != "anonymous"
	_has_asked(_caller_principals)
	_delegate_has_asked
}

_identity_well_formed if {
	not _malformed_identity
}

_permissions_question if {
	_workspace_name(input.workspace)
	is_array(input.permissions)
	count(input.permissions) > 0
	every permission in input.permissions {
		is_string(permission)
		count(split(permission, "/")) < 3
	}
}

_workspace_name(name) if {
	is_string(name)
	name != ""
	name != "-"
	name != "*"
	not contains(name, "/")
}

default _delegate_has_asked := false

_delegate_has_asked if {
	not _delegated
} else if {
	_caller_kind == "service"
	_is_person(_delegate_id)
	_has_asked(_delegate_principals)
}

_has_asked(principals) if {
	_platform_admin(principals)
} else if {
	every permission in input.permissions {
		_has_in(principals, split(permission, "/"))
	}
}

_has_in(principals, parts) if {
	count(parts) == 1
	_holds(principals, _asked_roles, parts[0])
} else if {
	_workspace_name(parts[0])
	_holds_itself(principals, bindings.in_workspace(parts[0], _everybody), parts[1])
}

_asked_roles := bindings.in_workspace(input.workspace, _everybody)
