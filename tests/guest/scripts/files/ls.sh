mkdir d; cd d; touch -d '2020-02-03 04:05:06' plain .hidden; mkdir -m 755 sub
touch -d '2021-01-01 00:00:00' sub; ln -s plain link; mkfifo -m 600 pipe
printf 12345 > data; chmod 640 data; touch -d '1999-12-31 23:59:59' data; ln data hard
touch -h -d '2020-01-01 00:00:00' link; touch -d '2020-01-01 00:00:01' pipe; chmod 4755 plain
ls; ls -a; ls -A; ls -1; ls -F; ls -p; ls -d .; ls -R ..; ls -r
ls -l plain data link pipe hard; ls -ln data; ls -lo data 2>/dev/null
ls --full-time data 2>/dev/null; ls -t | head -n 3; ls -tr | head -n 1; ls -S | head -n 1
ls -ld sub | cut -c 1-10; ls -L link; ls -lL link; ls -lh data; ls -x | wc -w
ls -C | wc -w
ls missing; echo "status $?"; ls -l . | grep -c ' '
ls -i data hard | awk '{print $1}' | uniq | wc -l; ls -n plain | awk '{print $3, $4}'
ls -s data | awk '{print $1}'
