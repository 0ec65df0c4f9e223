package authz

# METADATA
# title: Does the principal hold these permissions?
# description: All of them, in the named workspace; scopes play no part. Result {"allowed"}.
# scope: document
# entrypoint: true
default has_permissions := {"allowed": false}

has_permissions := {"allowed": true} if {
	data.authz_data.index.grants["*"]
	not _malformed_identity(input)
	_name_of_workspace(input.workspace)
	_names_permissions(input.permissions)
	_has_asked(_caller(input))
	_delegate_has_asked
}

# At least one, each `permission` or `workspace/permission`.
_names_permissions(permissions) if {
	count(permissions) > 0
	_texts(permissions)
	every permission in permissions {
		parts := split(permission, "/")
		count(parts) < 3
		not "" in parts
	}
}

_name_of_workspace(name) if {
	is_string(name)
	name != ""
	name != "-"
	name != "*"
	not contains(name, "/")
}

_delegate_has_asked if {
	_delegate_id(input) == ""
} else if {
	_has_asked(_delegate(input))
}

_has_asked(principals) if {
	_platform_admin(principals)
} else if {
	every permission in input.permissions {
		_has_in(principals, split(permission, "/"))
	}
}

# `permission`, or `workspace/permission`, which bindings of everybody do not satisfy.
_has_in(principals, parts) if {
	count(parts) == 1
	_holds(principals, input.workspace, parts[0])
} else if {
	_name_of_workspace(parts[0])
	_holds_itself(principals, parts[0], parts[1])
}
