# The request as the reference reads it: direct fields, else Envoy's headers, split without trimming. Null is absent.
package authz

_method(request) := value if {
	value := request.method
} else := request.attributes.request.http.method

_path(request) := value if {
	value := request.path
} else := request.attributes.request.http.path

_id(request) := value if {
	value := request.principal_id
	value != null
} else := _header(request, "x-nmp-principal-id", "X-NMP-Principal-Id")

_email(request) := value if {
	value := request.principal_email
	value != null
} else := value if {
	value := _header(request, "x-nmp-principal-email", "X-NMP-Principal-Email")
} else := ""

_groups(request) := value if {
	value := request.principal_groups
	value != null
} else := value if {
	value := split(_header(request, "x-nmp-principal-groups", "X-NMP-Principal-Groups"), ",")
} else := []

_scopes(request) := value if {
	value := request.scopes
	value != null
} else := value if {
	value := split(_header(request, "x-nmp-scopes", "X-NMP-Scopes"), " ")
} else := []

_header(request, lower_case, capitalised) := _spelled(request.attributes.request.http.headers, lower_case, capitalised)

_spelled(headers, lower_case, capitalised) := value if {
	value := headers[lower_case]
} else := headers[capitalised]

# Id, e-mail and groups share one namespace; without an id the others do not count.
_principals(request) := [principal |
	some principal in array.concat([_id(request), _email(request)], _groups(request))
	principal != ""
]

_is_service(id) if startswith(id, "service:")

# Where the reference decides on values of a wrong type, this denies.
_malformed(request) if {
	not is_string(object.get(request, "method", ""))
} else if {
	not is_string(object.get(request, "path", ""))
} else if {
	not _texts(_scopes(request))
} else if {
	_malformed_identity(request)
}

_malformed_identity(request) if {
	not _text_or_absent(request, "principal_id")
} else if {
	not is_string(_email(request))
} else if {
	not _texts(_groups(request))
} else if {
	_malformed_delegate(request)
} else if {
	_malformed_envoy(request)
}

# No rule reads the delegate.
_malformed_delegate(request) if {
	not _text_or_absent(request, "on_behalf_of_principal_id")
} else if {
	not _text_or_absent(request, "on_behalf_of_principal_email")
} else if {
	groups := request.on_behalf_of_principal_groups
	groups != null
	not _texts(groups)
}

_malformed_envoy(request) if {
	attributes := request.attributes
	_malformed_attributes(attributes)
}

_malformed_attributes(attributes) if {
	not is_object(attributes)
} else if {
	some part in [["request"], ["request", "http"], ["request", "http", "headers"]]
	not is_object(object.get(attributes, part, {}))
} else if {
	some header in attributes.request.http.headers
	not is_string(header)
} else if {
	some name in ["method", "path"]
	value := attributes.request.http[name]
	not is_string(value)
}

_text_or_absent(request, name) if {
	value := object.get(request, name, null)
	_text_or_null(value)
}

_text_or_null(value) if {
	is_string(value)
} else if {
	value == null
}

_texts(values) if {
	is_array(values)
	every value in values {
		is_string(value)
	}
}
