# The request: method, path, scopes and claims, from direct input or from Envoy's; direct fields win. A wrong type anywhere denies everything.
package authz

_headers := input.attributes.request.http.headers

_method := value if {
	value := input.method
} else := input.attributes.request.http.method

_path := value if {
	value := input.path
} else := input.attributes.request.http.path

_id := value if {
	value := input.principal_id
	value != null
} else := _header("x-nmp-principal-id", "X-NMP-Principal-Id")

_email := value if {
	value := input.principal_email
	value != null
} else := _header("x-nmp-principal-email", "X-NMP-Principal-Email")

_groups := value if {
	value := input.principal_groups
	value != null
} else := _list(_header("x-nmp-principal-groups", "X-NMP-Principal-Groups"), ",")

_delegate_id := value if {
	value := input.on_behalf_of_principal_id
	value != null
} else := _header("x-nmp-principal-on-behalf-of", "X-NMP-Principal-On-Behalf-Of")

_delegate_email := value if {
	value := input.on_behalf_of_principal_email
	value != null
} else := _header("x-nmp-principal-on-behalf-of-email", "X-NMP-Principal-On-Behalf-Of-Email")

_delegate_groups := value if {
	value := input.on_behalf_of_principal_groups
	value != null
} else := _list(_header("x-nmp-principal-on-behalf-of-groups", "X-NMP-Principal-On-Behalf-Of-Groups"), ",")

# Undefined: not restricted. The gateways write `*` for a caller who is not.
_scopes := value if {
	value := input.scopes
	value != null
} else := value if {
	header := _header("x-nmp-scopes", "X-NMP-Scopes")
	trim_space(header) != "*"
	value := _list(header, " ")
}

_header(lower_case, capitalised) := value if {
	value := _headers[lower_case]
} else := _headers[capitalised]

_list(text, separator) := [item |
	some part in split(text, separator)
	item := trim_space(part)
	item != ""
]

default _malformed := false

_malformed if {
	not is_string(_method)
} else if {
	not is_string(_path)
} else if {
	_malformed_identity
} else if {
	_not_texts(_scopes)
}

default _malformed_identity := false

_malformed_identity if {
	_not_text(_id)
} else if {
	_not_text(_email)
} else if {
	_not_texts(_groups)
} else if {
	_not_text(_delegate_id)
} else if {
	_not_text(_delegate_email)
} else if {
	_not_texts(_delegate_groups)
} else if {
	some header in _headers
	not is_string(header)
}

_not_text(value) if not is_string(value)

_not_texts(value) if {
	not is_array(value)
} else if {
	some item in value
	not is_string(item)
}
