package authz_test

name_viewer := {"alice": {"west": ["Viewer"], "system": ["Viewer"]}}

model(name) := get("alice", concat("", ["/workspaces/west/models/", name]))

file(path) := get("alice", concat("", ["/workspaces/west/files/-/", path]))

in_workspace(name) := get("service:builder", concat("", ["/workspaces/", name, "/notes"]))

not_canonical(request, bindings) if {
	denied(request, bindings)
	reasons := facts(request, bindings).reasons
	"path_not_canonical" in reasons
}

test_query_is_cut_at_the_first_question_mark if {
	every path in [
		"/workspaces/west/models?", "/workspaces/west/models?a=b", "/workspaces/west/models?a=/../b//%2F;#?c",
		"/workspaces/west/models/m?", "/models?/internal",
	] {
		allowed(get("alice", path), name_viewer)
	}
	denied(get("alice", "?/workspaces/west/models"), name_viewer)
	denied(get("alice", "/workspaces/east/notes?/workspaces/west/notes"), name_viewer)
	denied(get("alice", "/workspaces/west/models%3F/m"), name_viewer)
}

test_path_begins_with_one_slash if {
	every path in [
		"", "*", "models", "x/models", "workspaces/west/models", "x/workspaces/west/models", "//models",
		"//workspaces/west/models", "http://host/models", " /models",
	] {
		not_canonical(get("alice", path), name_viewer)
	}
}

test_empty_segments_are_not_canonical if {
	every path in [
		"//", "/models//", "/workspaces//models", "/workspaces/west//models", "/workspaces/west/models//m",
		"/workspaces/west/files/-//a", "/workspaces/west/files/-/a//b",
	] {
		not_canonical(get("alice", path), name_viewer)
	}
}

test_one_trailing_slash_is_canonical_and_unknown if {
	every path in [
		"/models/", "/models/?x", "/workspaces/west/models/", "/workspaces/west/models/m/", "/workspaces/west/files/-/",
		"/workspaces/west/files/-/a/", "/internals/state/",
	] {
		denied(get("alice", path), name_viewer)
		facts(get("alice", path), name_viewer).reasons == ["unknown_path"]
	}
}

test_dot_segments_are_not_canonical if {
	every dots in [".", ".."] {
		not_canonical(model(dots), name_viewer)
		not_canonical(file(dots), name_viewer)
		not_canonical(file(concat("/", ["a", dots, "b"])), name_viewer)
		not_canonical(in_workspace(dots), {})
		not_canonical(get("alice", concat("/", ["/workspaces/west", dots, "models"])), name_viewer)
	}
	every name in ["...", ".a", "a.", "a..b", "..a"] {
		allowed(model(name), name_viewer)
		allowed(file(name), name_viewer)
		allowed(in_workspace(name), {})
	}
}

canonical(segments) := {segment | some segment in segments; data.authz._segment_canonical(segment)}

canonical_without_escapes(segments) := {segment | some segment in segments; data.authz._name_canonical(segment)}

around(texts) := {segment | some text in texts; some segment in [concat("", ["a", text]), concat("", [text, "b"]), concat(text, ["a", "b"])]}

printable := {sprintf("%c", [code]) | some code in numbers.range(33, 126)}

not_in_names := {"#", "%", "/", ";", "?", "\\"}

test_printable_ascii_is_canonical_but_for_a_few if {
	segments := around(printable - not_in_names) | (printable - (not_in_names | {"."}))
	canonical(segments) == segments
	canonical_without_escapes(segments) == segments
}

test_number_sign_semicolon_backslash_and_percent_are_not_canonical if {
	segments := around(not_in_names) | not_in_names
	canonical(segments) == set()
	canonical_without_escapes(segments) == set()
	every character in not_in_names - {"/", "?"} {
		not_canonical(model(character), name_viewer)
		not_canonical(file(concat("", ["a/b", character])), name_viewer)
		not_canonical(in_workspace(character), {})
	}
}

test_spaces_control_bytes_and_what_is_not_ascii_are_not_canonical if {
	control_characters := {sprintf("%c", [code]) | some code in control_bytes}
	characters := control_characters | {" ", "\u0080", "\u00a0", "é", "ı", "ﬀ", "／", "․", "😀"}
	segments := (around(characters) | characters) | {concat("", ["%20", character]) | some character in characters}
	canonical(segments) == set()
	canonical_without_escapes(segments) == set()
	not_canonical(model("a b"), name_viewer)
	not_canonical(file("a/é"), name_viewer)
	not_canonical(in_workspace("a\tb"), {})
}

# The escapes of all bytes, in upper and lower case.
escapes(codes) := {sprintf(form, [code]) | some code in codes; some form in ["%%%02X", "%%%02x"]}

bytes := {code | some code in numbers.range(0, 255)}

control_bytes := {code | some code in bytes; code < 32} | {127}

must_stay_plain := {code |
	some code in bytes
	code < 127
	regex.match(`[-A-Za-z0-9._~/\\;%]`, sprintf("%c", [code]))
}

test_escapes_hide_no_separator_dot_escape_unreserved_or_control_byte if {
	hidden := control_bytes | must_stay_plain
	count(hidden) == 103
	canonical(escapes(hidden)) == set()
	canonical(escapes(bytes - hidden)) == escapes(bytes - hidden)
	allowed(model("%20a%C3%a9"), name_viewer)
	allowed(file("%20/a%2B"), name_viewer)
	every escape in ["%2F", "%2e%2E", "%00", "%61"] {
		not_canonical(model(escape), name_viewer)
		not_canonical(file(concat("", ["a/", escape])), name_viewer)
	}
}

test_every_escape_of_a_segment_must_be_canonical if {
	canonical({"a%20", "%20b", "a%20b%C3%A9"}) == {"a%20", "%20b", "a%20b%C3%A9"}
	canonical({"%20%2F", "%2F%20", "%20a%2e", "%20%20%41%20"}) == set()
}

test_percent_needs_two_hex_digits if {
	segments := {
		"%", "%2", "%%20", "%2%20", "%g0", "%0g", "%G0", "%zz", "%-1", "%+2", "% 2", "%2 ", "%2,", "%,2", "%,,", "%u0041", "%20%", "%20%4",
		"%8", "%8g", "%g8", "%éé",
	}
	canonical(segments) == set()
	not_canonical(model("%2"), name_viewer)
}

test_what_is_escaped_twice_is_not_canonical if {
	canonical({"%252F", "%252e%252e", "%25"}) == set()
	allowed(model("a%20252F"), name_viewer)
}

test_workspace_holds_no_escape_at_all if {
	every name in ["%20", "we%20st", "%77est", "west%2F", "%C3%A9", "west%"] {
		not_canonical(in_workspace(name), {})
	}
	not_canonical(get("service:builder", "/workspaces/a%20b/models/m"), {})
	not_canonical(get("root", "/workspaces/a%20b/files/-/f"), {"root": {"system": ["PlatformAdmin"]}})
}

test_literal_segments_match_exactly if {
	every path in [
		"/Models", "/models.", "/model", "/mod%65ls", "/models;v=1", "/models%3Bv", "/workspaces/west/models;v=1", "/workspaces/west/files/%2D/a",
		"/health%00", "/health#",
	] {
		denied(get("root", path), {"root": {"system": ["PlatformAdmin"]}})
	}
}
