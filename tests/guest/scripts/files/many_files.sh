mkdir d; cd d; i=0; while [ $i -lt 300 ]; do : > file$i; i=$((i + 1)); done; ls | wc -l
ls | sort | tail -n 1; echo * | wc -w; rm *[02468]; ls | wc -l
for f in *; do mv $f moved.$f; done; ls | head -n 2; find . -type f | wc -l; cd ..
rm -r d; ls -d d; echo "status $?"
