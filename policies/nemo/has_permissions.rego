package authz

# METADATA
# title: Does the principal hold these permissions, by the reference's rules?
# description: All of them by one of the caller's principals. Result {"allowed"}.
# scope: document
# entrypoint: true
default has_permissions := {"allowed": false}

has_permissions := {"allowed": true} if {
	not _malformed_identity(input)
	is_string(input.workspace)
	_texts(input.permissions)
	count(input.permissions) > 0
	_has_asked(_request_principals(input))
}

_has_asked(principals) if {
	_platform_admin(principals)
} else if {
	_one_holds_all(principals, input.workspace, input.permissions)
}
