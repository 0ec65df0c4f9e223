# The path: cut at the query and split; nothing is decoded. The literal segments of a template are canonical by the loader's check,
# so only segments that stand for a placeholder are looked at.
package authz

_segments(path) := split(path, "/") if {
	not contains(path, "?")
} else := split(split(path, "?")[0], "/")

_segment_canonical(segment) if {
	_name_canonical(segment)
} else if {
	contains(segment, "%")
	trim_left(segment, concat("", [_plain_characters, "%"])) == ""
	_escapes_canonical(split(segment, "%"))
}

# The workspace is a name to look up: no escapes at all.
_name_canonical(segment) if {
	trim_left(segment, _plain_characters) == ""
	segment != ""
	segment != "."
	segment != ".."
}

# Everything printable in ASCII but / # ; \ % and the query's ?, in the order of use in names and in hexadecimal ids.
_plain_characters := "e-ao0i1nr2t3s4d5l6c7p8m9ubgfvhkwyxzjq.EAIONRSTLDCPMUKGFVHBYWXZJQ_@:~+,=!$&'()*\"<>[]^`{|}"

# An escape never hides a separator, a dot, a semicolon, another escape, a control byte, or what needs no escape.
_escapes_canonical(parts) if {
	every part in array.slice(parts, 1, count(parts)) {
		_escape_canonical(upper(substring(part, 0, 2)))
	}
}

_escape_canonical(digits) if {
	count(digits) == 2
	contains(",20,21,22,23,24,26,27,28,29,2A,2B,2C,3A,3C,3D,3E,3F,40,5B,5D,5E,60,7B,7C,7D,", concat("", [",", digits, ","]))
} else if {
	count(digits) == 2
	contains("89ABCDEF", substring(digits, 0, 1))
	contains("0123456789ABCDEF", substring(digits, 1, 1))
}
