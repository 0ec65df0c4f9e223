# Envoy's headers: who asks, for whom, with which scopes.
package authz

# A blank header is absent.
_filled_header(request, name) := value if {
	value := _header(request, name)
	trim_space(value) != ""
}

_header(request, name) := _spelled(request.attributes.request.http.headers, name)

_spelled(headers, name) := value if {
	value := headers[name]
} else := headers[_known_headers[name]]

# Known headers in their two spellings. Nothing reads the last three.
_known_headers := {
	"x-nmp-principal-id": "X-NMP-Principal-Id",
	"x-nmp-principal-email": "X-NMP-Principal-Email",
	"x-nmp-principal-groups": "X-NMP-Principal-Groups",
	"x-nmp-principal-on-behalf-of": "X-NMP-Principal-On-Behalf-Of",
	"x-nmp-principal-on-behalf-of-email": "X-NMP-Principal-On-Behalf-Of-Email",
	"x-nmp-principal-on-behalf-of-groups": "X-NMP-Principal-On-Behalf-Of-Groups",
	"x-nmp-scopes": "X-NMP-Scopes",
	"x-nmp-authorized": "X-NMP-Authorized",
	"x-nmp-internal": "X-NMP-Internal",
	"x-nmp-origin-workspace": "X-NMP-Origin-Workspace",
}

_list(text, separator) := [item |
	some part in split(text, separator)
	item := trim_space(part)
	item != ""
]

_sound_headers(headers) if {
	is_object(headers)
	every name, value in headers {
		is_string(value)
		_sound_header(headers, name, lower(name))
	}
}

# What a service could take for one of ours must be read here, too: else it would count as absent, and widen rights.
_sound_header(headers, name, lower_case) if {
	not startswith(replace(lower_case, "_", "-"), "x-nmp-")
} else if {
	# In one spelling.
	object.filter(headers, {lower_case, _known_headers[lower_case]}) == {name: headers[name]}
	_sent_once(lower_case, headers[name])
}

# Envoy joins what comes twice with commas. Of groups nobody can tell.
_sent_once(name, value) if {
	not contains(value, ",")
} else if {
	endswith(name, "-groups")
}
