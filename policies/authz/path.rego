# The path: cuts the query, refuses what is not canonical, and splits the rest. Nothing is decoded.
package authz

_bare_path := split(_path, "?")[0]

default _canonical := false

_canonical if {
	startswith(_bare_path, "/")
	not contains(_bare_path, "//")
	not _dot_segment
	trim_left(_bare_path, _plain_characters) == ""
} else if {
	contains(_bare_path, "%")
	startswith(_bare_path, "/")
	not contains(_bare_path, "//")
	not _dot_segment
	trim_left(_bare_path, concat("", [_plain_characters, "%"])) == ""
	_encoding_canonical
}

# Everything printable in ASCII but # ; \ and %, in the order of use.
_plain_characters := "aeionrstl/dcpmukgfv-hbywxzjq0123456789.EAIONRSTLDCPMUKGFVHBYWXZJQ_@:~+,=!$&'()*\"<>[]^`{|}"

_dot_segment if {
	contains(_bare_path, "/.")
	some segment in split(_bare_path, "/")
	_dots(segment)
}

_dots(".")

_dots("..")

# An escape never hides a separator, a dot, a semicolon, another escape, a control byte, or what needs no escape.
_encoding_canonical if {
	parts := split(_bare_path, "%")
	every part in array.slice(parts, 1, count(parts)) {
		_escape_canonical(upper(substring(part, 0, 2)))
	}
}

_escape_canonical(digits) if {
	count(digits) == 2
	contains(",20,21,22,23,24,26,27,28,29,2A,2B,2C,3A,3C,3D,3E,3F,40,5B,5D,5E,60,7B,7C,7D,", concat("", [",", digits, ","]))
}

_escape_canonical(digits) if {
	count(digits) == 2
	contains("89ABCDEF", substring(digits, 0, 1))
	contains("0123456789ABCDEF", substring(digits, 1, 1))
}

_segments := split(_bare_path, "/") if _canonical
