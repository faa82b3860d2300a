parse() {
  OPTIND=1
  while getopts 'ab:c' option; do
    case $option in
      a) echo "a";;
      b) echo "b=$OPTARG";;
      c) echo "c";;
      \?) echo "bad";;
    esac
  done
  shift $((OPTIND - 1)); echo "rest: $*"
}
parse -a -b value -c file
parse -acbvalue one two
parse -a -- -b
parse -x last
parse -b
silent() { OPTIND=1; while getopts ':b:' o; do echo "$o $OPTARG"; done; }
silent -b; silent -z; silent -b ok
getopt ab: -a -b x y
getopt -o ab: -l long,value: -- -a --value=3 --long rest
