name=world
cat <<END
hello $name $((6 * 7)) $(echo sub) \$escaped
  indented
END
cat <<'END'
literal $name $(echo no) \n
END
cat <<-END
	tabs are
		removed
	END
cat <<A; cat <<B
first
A
second
B
while read a b; do echo "$b,$a"; done <<END
1 2
3 4
END
cat <<END | tr a-z A-Z
piped ${name#wo}
END
f() { cat <<END
in a function: $1
END
}
f argument
# Larger than a pipe holds.
big=$(seq 1 20000)
wc <<END
$big
END
