package authz

# METADATA
# title: Does the principal hold these permissions, by the reference's rules?
# description: All of them by one of the caller's principals. Result {"allowed"}.
# scope: document
# entrypoint: true
default has_permissions := {"allowed": false}

has_permissions := {"allowed": true} if {
	not _malformed_identity(input)
	_names_workspace(input.workspace)
	_names_permissions(input.permissions)
	_has_asked(_principals(input))
}

_names_workspace(name) if {
	is_string(name)
	not name in ["", "-", "*"]
	not contains(name, "/")
}

# At least one, each `permission` or `workspace/permission`.
_names_permissions(permissions) if {
	_texts(permissions)
	count(permissions) > 0
	every permission in permissions {
		parts := split(permission, "/")
		count(parts) < 3
		every part in parts {
			part != ""
		}
	}
}

_has_asked(principals) if {
	_platform_admin(principals)
} else if {
	_one_holds_all(principals, input.workspace, input.permissions)
}
