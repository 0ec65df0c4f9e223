# The request: method, path, scopes and claims, from direct input or from Envoy's; direct fields win, null is absent.
# Functions of the input instead of rules: in WASM a memoised rule costs more than what these do.
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
} else := _filled_header(request, "x-nmp-principal-id")

_email(request) := value if {
	value := request.principal_email
	value != null
} else := "" if {
	not request.attributes
} else := value if {
	value := _filled_header(request, "x-nmp-principal-email")
} else := ""

_groups(request) := value if {
	value := request.principal_groups
	value != null
} else := [] if {
	not request.attributes
} else := value if {
	value := _list(_header(request, "x-nmp-principal-groups"), ",")
} else := []

# Empty: nobody is acted for.
_delegate_id(request) := value if {
	value := request.on_behalf_of_principal_id
	value != null
} else := "" if {
	not request.attributes
} else := value if {
	value := _filled_header(request, "x-nmp-principal-on-behalf-of")
} else := ""

_delegate_email(request) := value if {
	value := request.on_behalf_of_principal_email
	value != null
} else := "" if {
	not request.attributes
} else := value if {
	value := _filled_header(request, "x-nmp-principal-on-behalf-of-email")
} else := ""

_delegate_groups(request) := value if {
	value := request.on_behalf_of_principal_groups
	value != null
} else := [] if {
	not request.attributes
} else := value if {
	value := _list(_header(request, "x-nmp-principal-on-behalf-of-groups"), ",")
} else := []

# Null: not restricted. The gateways write `*` for a caller who is not.
_scopes(request) := value if {
	value := request.scopes
	value != null
} else := null if {
	not request.attributes
} else := value if {
	header := _header(request, "x-nmp-scopes")
	trim_space(header) != "*"
	value := _list(header, " ")
} else := null

# Is a value of a wrong type, or a header ambiguous? The claims that a decision uses are checked where they are used; this looks at all.
_malformed(request) if {
	not is_string(_method(request))
} else if {
	not is_string(_path(request))
} else if {
	scopes := _scopes(request)
	scopes != null
	not _texts(scopes)
} else if {
	_malformed_identity(request)
}

_malformed_identity(request) if {
	not is_string(_id(request))
	not _absent(request, "principal_id")
} else if {
	not _claims_of(_email(request), _groups(request))
} else if {
	not is_string(_delegate_id(request))
} else if {
	not _claims_of(_delegate_email(request), _delegate_groups(request))
} else if {
	_malformed_attributes(request)
}

_absent(request, name) if object.get(request, name, null) == null

# Envoy's part, whether direct members win over it or not.
_malformed_attributes(request) if {
	attributes := request.attributes
	not _sound_attributes(attributes)
}

_sound_attributes(attributes) if {
	is_object(attributes)
	is_object(object.get(attributes, "request", {}))
	http := object.get(attributes, ["request", "http"], {})
	is_object(http)
	every name in ["method", "path"] {
		is_string(object.get(http, name, ""))
	}
	_sound_headers(object.get(http, "headers", {}))
}

_texts(values) if {
	is_array(values)
	every value in values {
		is_string(value)
	}
}
