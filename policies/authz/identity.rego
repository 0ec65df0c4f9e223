# Who asks: the stored principals that speak for an identity, its id first. Undefined: nobody, or a claim of a wrong type.
package authz

_caller(request) := [id] if {
	id := _caller_id(request)
	_email(request) == ""
	_groups(request) == []
} else := array.concat([id], _claims_of(_email(request), _groups(request))) if {
	id := _caller_id(request)
	not _claims_are_delegates(request)
} else := [id] if {
	id := _caller_id(request)
	_claims_of(_email(request), _groups(request))
}

_caller_id(request) := id if {
	id := _id(request)
	_is_identity(id)
}

_is_identity(id) if {
	_is_person(id)
} else if {
	_is_service(id)
	id != "service:"
}

_caller_kind(request) := "service" if {
	_is_service(_caller_id(request))
} else := "person" if {
	_caller_id(request)
} else := "anonymous"

_is_service(id) if startswith(id, "service:")

_is_person(id) if {
	id != ""
	id != "*"
	not startswith(id, "service:")
	not startswith(id, "group:")
	is_string(id)
}

# The person for whom a service asks.
_delegate(request) := array.concat([id], _delegate_claims(request)) if {
	_is_service(_id(request))
	id := _delegate_id(request)
	_is_person(id)
}

# A delegate without claims of its own takes the caller's: callers of the reference send them so.
_delegate_claims(request) := claims if {
	_claims_are_delegates(request)
	claims := _claims_of(_email(request), _groups(request))
} else := _claims_of(_delegate_email(request), _delegate_groups(request))

_claims_are_delegates(request) if {
	_delegate_id(request) != ""
	_delegate_email(request) == ""
	_delegate_groups(request) == []
}

_claims_of(email, groups) := array.concat(
	[email | _is_person(email)],
	[principal |
		some group in groups
		_is_person(group)
		principal := concat("", ["group:", group])
	],
) if {
	is_string(email)
	_texts(groups)
}
