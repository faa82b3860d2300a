printf '%s %d %i %u\n' text 42 -7 3; printf '%5d|%-5d|%05d|%+d\n' 1 2 3 4
printf '%x %X %o %#x %#o\n' 255 255 8 255 8
printf '%f %.2f %e %g %G\n' 3.14159 2.5 12345.678 0.0001 1e20; printf '%10.3f|%-10.1f|\n' 1.5 2.25
printf '%s\n' a b c; printf '%s-%s\n' 1 2 3; printf '%c%c\n' hello world; printf '%%\n'
printf 'a\tb\\n\101\x41\n'; printf '%b\n' 'x\ty'
printf '%d\n' "'A" 0x1f 010; printf '%s\n'; printf 'no args\n'; printf '%*d\n' 5 42; printf '%.3s|\n' abcdef
printf '%d\n' notanumber; echo "status $?"; printf '%d\n' 12abc; echo "status $?"
echo -n no newline; echo; echo -e 'a\tb\nc\\'; echo 'plain\t'; echo -e '\x41\0101'; echo -- -x; echo
