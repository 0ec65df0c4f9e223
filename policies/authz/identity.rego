# Who asks: the kind of caller and the stored principals that speak for the caller and, under delegation, for the person behind a service.
package authz

_caller_kind := "service" if {
	startswith(_id, "service:")
	_id != "service:"
} else := "person" if {
	_is_person(_id)
} else := "anonymous"

_is_person(id) if {
	id != ""
	id != "*"
	not startswith(id, "service:")
	not startswith(id, "group:")
}

default _delegated := false

_delegated if {
	_delegate_id != null
	_delegate_id != ""
}

# A delegate without claims of its own takes the caller's: callers of the reference send them so.
default _claims_are_delegates := false

_claims_are_delegates if {
	_delegated
	_absent(_delegate_email_claim)
	_absent(_delegate_groups_claim)
}

_delegate_email_claim := value if {
	value := _delegate_email
} else := null

_delegate_groups_claim := value if {
	value := _delegate_groups
} else := null

_absent(claim) if claim == null

_absent(claim) if claim == ""

_caller_principals := [_id] if {
	_claims_are_delegates
} else := _principals(_id, _claims) if {
	count(_claims) > 0
} else := [_id]

_delegate_principals := _principals(_delegate_id, _claims) if {
	_claims_are_delegates
} else := _principals(_delegate_id, array.concat(
	_email_claims(_delegate_email_claim),
	_group_claims(_delegate_groups_claim),
))

_claims := array.concat(_email_principals, _group_principals)

_email_principals := value if {
	value := _email_claims(_email)
} else := []

_group_principals := value if {
	value := _group_claims(_groups)
} else := []

_principals(id, claims) := array.concat([id], claims)

_email_claims(email) := [email] if {
	email != null
	_is_person(email)
} else := []

_group_claims(groups) := [principal |
	some group in groups
	_is_person(group)
	principal := concat("", ["group:", group])
]
