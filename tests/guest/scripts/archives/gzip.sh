seq 1 20000 > f; cp f keep; gzip f; ls; gunzip f.gz; cmp f keep; echo $?; gzip -k f
gzip -c f | gunzip | cmp - keep; echo $?; zcat f.gz | tail -n 1; gzip -t f.gz; echo $?
gzip -1 -c f | wc -c | awk '{print ($1 < 60000)}'; gzip -9 < f | gzip -d | md5sum
gunzip f.gz; echo "exists: $?"; gunzip -f f.gz; ls; echo garbage > g.gz
gunzip g.gz; echo "status $?"; printf '' | gzip | gunzip | wc -c
gzip missing; echo "status $?"; mkdir d; gzip d; echo "status $?"; bzip2 -k keep
ls keep.bz2; bunzip2 -c keep.bz2 | cmp - keep; echo $?; bzcat keep.bz2 | head -n 1
gzip -c f > one.gz; gzip -c f >> one.gz; zcat one.gz | wc -l; head -c 500 one.gz > cut.gz
gunzip -t cut.gz; echo "status $?"; gzip -c keep | dd bs=7 2>/dev/null | gunzip | md5sum
md5sum < keep; head -c 300000 /dev/zero | gzip | gunzip | tr -d '\0' | wc -c
