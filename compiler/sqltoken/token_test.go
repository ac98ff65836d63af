package sqltoken_test

import (
	"strings"
	"testing"

	"elt/compiler/sqltoken"

	"github.com/google/go-cmp/cmp"
)

var kindNames = map[sqltoken.Kind]string{
	sqltoken.Word: "word", sqltoken.Quoted: "quoted", sqltoken.String: "string",
	sqltoken.Number: "number", sqltoken.Comment: "comment", sqltoken.Operator: "operator",
	sqltoken.Punct: "punct", sqltoken.Param: "param", sqltoken.Invalid: "INVALID",
}

// TestTokens holds what DuckDB 1.5.5 did with each text when it was asked.
func TestTokens(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"empty text", "", ""},
		{"white space only", " \t\r\n\f", ""},
		{"words keep letters, digits, _ and $", "a_1$b größe 变量", "word:a_1$b word:größe word:变量"},
		{"quoted identifier with a doubled quote", `"a""b"`, `quoted:"a""b"`},
		{"quoted identifier over lines", "\"a\nb\"", "quoted:\"a\nb\""},
		{"empty quoted identifier is refused", `x""y`, `word:x INVALID:"" word:y`},
		{"quoted identifier of one doubled quote", `""""`, `quoted:""""`},
		{"unterminated quoted identifier", `a "b c`, `word:a INVALID:"b c`},
		{"string with a doubled quote", "'a''b'", "string:'a''b'"},
		{"backslash is plain in a plain string", `'a\'`, `string:'a\'`},
		{"backslash escapes in an E string", `E'a\'b' e'\\'`, `string:E'a\'b' string:e'\\'`},
		{"hex, bit and national strings", "x'41' B'01' N'a'", "string:x'41' string:B'01' string:N'a'"},
		{"which know no doubled quotes", "x'41''42'", "string:x'41' string:'42'"},
		{"any other word is no prefix", "_x'1'", "word:_x string:'1'"},
		{"strings on two lines are one", "'a'\n'b'", "string:'a'\n'b'"},
		{"strings on one line are two", "'a' 'b'", "string:'a' string:'b'"},
		{"a line comment may stand between", "'a' -- c\n--d\n  'b'", "string:'a' -- c\n--d\n  'b'"},
		{"a block comment may not", "'a'\n/*c*/'b'", "string:'a' comment:/*c*/ string:'b'"},
		{"a continued E string still escapes", "e'a'\n--x'\n'b\\'c'", "string:e'a'\n--x'\n'b\\'c'"},
		{"unterminated string", "a 'b", "word:a INVALID:'b"},
		{"unterminated E string ending in a backslash", `E'a\`, `INVALID:E'a\`},
		{"dollar quotes", "$$a'b$$", "string:$$a'b$$"},
		{"dollar quotes with a tag", "$x$a$$b$x$ $é$ x $é$ $a1$ y $a1$", "string:$x$a$$b$x$ string:$é$ x $é$ string:$a1$ y $a1$"},
		{"a tag does not begin with a digit", "$1a$ x", "param:$1 word:a$ word:x"},
		{"unterminated dollar quotes", "1 $a$b", "number:1 INVALID:$a$b"},
		{"dollars inside a word are the word's", "a$$b$$", "word:a$$b$$"},
		{"parameters", "? ?1 $1 $name", "param:? param:?1 param:$1 param:$name"},
		{"a parameter after an operator", "a=?", "word:a operator:= param:?"},
		{"a stray dollar", "$-1", "INVALID:$ operator:- number:1"},
		{"numbers", "1 1_000 1.5 .5 1. 1e5 1.5e-3 1e+3 1.e3 1_0.5_0", "number:1 number:1_000 number:1.5 number:.5 number:1. number:1e5 number:1.5e-3 number:1e+3 number:1.e3 number:1_0.5_0"},
		{"an underscore needs digits on both sides", "1__0 1_ 1._5", "number:1 word:__0 number:1 word:_ number:1. word:_5"},
		{"underscores in an exponent", "1e5_0", "number:1e5_0"},
		{"an exponent needs digits", "1e 1e+", "number:1 word:e number:1 word:e operator:+"},
		{"there are no hex numbers", "0x1F 0b1", "number:0 word:x1F number:0 word:b1"},
		{"a word may follow a number at once", "123abc", "number:123 word:abc"},
		{"two dots are no fraction", "1..2", "number:1 operator:.. number:2"},
		{"a second fraction", "1.5.5", "number:1.5 number:.5"},
		{"a number after a name and a dot", "t.1", "word:t number:.1"},
		{"line comment ends before the line end", "1 --c\n2", "number:1 comment:--c number:2"},
		{"a carriage return ends it too", "1 --c\r2", "number:1 comment:--c number:2"},
		{"block comments nest", "/* a /* b */ c */ 1", "comment:/* a /* b */ c */ number:1"},
		{"slash star slash does not close", "/*/ 2 */ 3", "comment:/*/ 2 */ number:3"},
		{"unterminated nested comment", "1 /* a /* b */ x", "number:1 INVALID:/* a /* b */ x"},
		{"quotes in comments mean nothing", "/* ' */ -- \"\n1", "comment:/* ' */ comment:-- \" number:1"},
		{"operators are as long as they can be", "<= <> != == ** // ->> ^@ !~~* |+", "operator:<= operator:<> operator:!= operator:== operator:** operator:// operator:->> operator:^@ operator:!~~* operator:|+"},
		{"a sign is no part of a standard operator", "2*-1 1<-2 a=-1", "number:2 operator:* operator:- number:1 number:1 operator:< operator:- number:2 word:a operator:= operator:- number:1"},
		{"a sign may end another operator", "1 ~- 2", "number:1 operator:~- number:2"},
		{"an operator stops before a comment", "2 */**/-3", "number:2 operator:* comment:/**/ operator:- number:3"},
		{"a minus before a comment", "5---x\n3", "number:5 comment:---x number:3"},
		{"arrows", "x->x+1", "word:x operator:-> word:x operator:+ number:1"},
		{"colons", "a::int b:=1 {'c':1} [1:-1]", "word:a operator::: word:int word:b operator::= number:1 punct:{ string:'c' punct:: number:1 punct:} punct:[ number:1 punct:: operator:- number:1 punct:]"},
		{"punctuation", "f(a.b,c);", "word:f punct:( word:a punct:. word:b punct:, word:c punct:) punct:;"},
		{"positional reference", "#1=#2", "operator:# number:1 operator:= operator:# number:2"},
		{"Unicode spaces are white space", "\ufeffselect\u00a01\u3000x\u200by", "word:select number:1 word:x word:y"},
		{"Unicode spaces inside quotes are text", "\"a\u00a0b\" 'a\u00a0b'", "quoted:\"a\u00a0b\" string:'a\u00a0b'"},
		{"the line separator is none", "\u2028a", "word:\u2028a"},
		{"a vertical tab is refused", "select\v1", "word:select INVALID:\v number:1"},
		{"a zero byte is refused", "1\x002", "number:1 INVALID:\x00 number:2"},
		{"a backslash is refused", `1\g`, `number:1 INVALID:\ word:g`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for tok := range sqltoken.Tokens(tt.sql) {
				got = append(got, kindNames[tok.Kind]+":"+tok.Text(tt.sql))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("tokens of %q (-want +got):\n%s", tt.sql, diff)
			}
		})
	}
}

func TestTokensCanBeLeftEarly(t *testing.T) {
	t.Parallel()
	n := 0
	for range sqltoken.Tokens("a b c") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("saw %d tokens, want 2", n)
	}
}

func TestReserved(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"from": true, "JOIN": true, "Left": true, "date": false, "view": false, "values": false,
		"orders": false, "": false, "a_very_long_name_that_is_no_keyword": false,
	} {
		if got := sqltoken.Reserved(word); got != want {
			t.Errorf("Reserved(%q) is %v, want %v", word, got, want)
		}
	}
}
