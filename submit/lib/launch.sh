# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Shared by the launchers: sorts options, builds and resolves what is missing, and starts spark-submit.
# Nothing a user types is ever evaluated or joined into a command: commands are arrays.
set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
JAR=$ROOT/spark-jobs/target/sparkreel.jar
NATIVES=$ROOT/spark-jobs/target/natives

# What org.apache.spark.launcher.SparkSubmitOptionParser of Spark 4.1 knows. All other options are the job's.
SPARK_OPTIONS_WITH_VALUE=(
  --archives --conf -c --deploy-mode --driver-class-path --driver-cores --driver-default-class-path
  --driver-java-options --driver-library-path --driver-memory --exclude-packages --executor-cores --executor-memory
  --files --jars --keytab --kill --master --name --num-executors --packages --principal --properties-file
  --proxy-user --py-files --queue --remote --repositories --status --total-executor-cores
)
SPARK_SWITCHES=(--load-spark-defaults --supervise --usage-error --verbose -v --version)

# Settings and variables whose values Spark's web page and event log do not show: beside what Spark knows itself, keys of
# Weights & Biases, MLflow and the like, and of Azure's stores. As in conf/spark.
REDACTED='(?i)secret|passw(or)?d|passphrase|token|credential|(access|account|api|private|storage)[._-]?key|connection[._-]?string|azure[._]sas'

# Filled by sort_options.
spark_options=()
job_options=()
user_jars=""
user_files=""
master=""
properties_files=()

# An error of the user's ends with one line and exit code 2, as in the jobs.
fail() {
  printf 'sparkreel: %s\n' "$1" >&2
  exit 2
}

say() {
  printf 'sparkreel: %s\n' "$1" >&2
}

# is_one_of WORD CANDIDATE...
is_one_of() {
  local word=$1 candidate
  shift
  for candidate in "$@"; do
    [[ $word == "$candidate" ]] && return 0
  done
  return 1
}

# join_list LIST ELEMENT: a comma list with one more element.
join_list() {
  printf '%s' "${1:+$1,}$2"
}

# take_spark_option NAME VALUE: keeps the lists that the launchers add to, passes the rest on.
take_spark_option() {
  case $1 in
    --jars) user_jars=$(join_list "$user_jars" "$2") ;;
    --files) user_files=$(join_list "$user_files" "$2") ;;
    --conf | -c)
      case $2 in
        spark.jars=*) user_jars=$(join_list "$user_jars" "${2#*=}") ;;
        spark.files=*) user_files=$(join_list "$user_files" "${2#*=}") ;;
        *)
          [[ $2 == spark.master=* ]] && master=${2#*=}
          spark_options+=(--conf "$2")
          ;;
      esac
      ;;
    --properties-file) properties_files+=("$2") ;;
    *)
      [[ $1 == --master ]] && master=$2
      spark_options+=("$1" "$2")
      ;;
  esac
}

# sort_options WORD...: those that spark-submit knows, and those of the job.
sort_options() {
  local name
  while (($#)); do
    name=${1%%=*}
    if [[ $name == --class ]]; then
      fail "Cannot launch: --class is given, but each launcher starts its own job. Use spark-submit for another class."
    elif [[ $1 == --*=* ]] && is_one_of "$name" "${SPARK_OPTIONS_WITH_VALUE[@]}"; then
      take_spark_option "$name" "${1#*=}"
      shift
    elif is_one_of "$1" "${SPARK_OPTIONS_WITH_VALUE[@]}"; then
      (($# > 1)) || fail "Cannot launch: $1 has no value. Give it one."
      take_spark_option "$1" "$2"
      shift 2
    elif is_one_of "$1" "${SPARK_SWITCHES[@]}"; then
      spark_options+=("$1")
      shift
    else
      job_options+=("$1")
      shift
    fi
  done
}

# with_progress MESSAGE COMMAND...: runs a long command and says every ten seconds that it still runs. What the command
# says goes to standard error, as all that is no result: even where it is to be quiet, Maven writes control characters.
with_progress() {
  local message=$1 begin=$SECONDS heartbeat status=0
  shift
  say "$message ..."
  # The sleeper outlives its shell for a moment and must not hold the caller's pipes.
  # shellcheck disable=SC2217 # it reads nothing, and holds what it inherits
  (while sleep 10 >/dev/null 2>&1 </dev/null; do say "$message: $((SECONDS - begin)) s"; done) &
  heartbeat=$!
  # shellcheck disable=SC2064 # the number is known now and not at exit
  trap "kill $heartbeat 2>/dev/null || true" EXIT
  "$@" >&2 || status=$?
  kill "$heartbeat" 2>/dev/null || true
  wait "$heartbeat" 2>/dev/null || true
  trap - EXIT
  ((status == 0)) || fail "Cannot go on: $message failed with code $status, see above. Mend that and start again."
  say "$message: done in $((SECONDS - begin)) s"
}

require_maven() {
  command -v mvn >/dev/null || fail "Cannot launch: there is no mvn on the PATH. Install Maven 3.8 or newer."
}

require_comma_free() {
  [[ $ROOT != *,* ]] || fail "Cannot launch: $ROOT has a comma, which Spark takes for the end of a jar's name. Move the folder."
}

# Builds the application jar where it is missing or older than a source.
ensure_jar() {
  local sources=("$ROOT/pom.xml" "$ROOT"/{bucketing,model,spark-jobs}/{pom.xml,src/main}) newer
  if [[ -f $JAR && -d $NATIVES ]]; then
    newer=$(find "${sources[@]}" -newer "$JAR" -print -quit 2>/dev/null || true)
    [[ -n $newer ]] || return 0
  fi
  require_maven
  with_progress "building the application jar (the first time downloads about 500 MB)" \
    mvn -B -q -Dstyle.color=never -f "$ROOT/pom.xml" -DskipTests -Dspotless.check.skip package
}

# Without SPARK_HOME, puts the jars of Spark under target/spark once.
ensure_spark() {
  local home=$ROOT/target/spark fresh
  export SPARK_HOME=$home
  # Without it a worker looks for the build folders of a Spark checkout and dies.
  export SPARK_SCALA_VERSION=${SPARK_SCALA_VERSION:-2.13}
  cmp -s "$ROOT/pom.xml" "$home/jars/.resolved-for" && return 0
  require_maven
  mkdir -p "$home"
  fresh=$(mktemp -d "$home/jars.XXXXXX")
  with_progress "resolving Spark from Maven (the first time downloads about 290 MB)" \
    mvn -B -q -Dstyle.color=never -f "$ROOT/submit/runtime/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    "-DoutputDirectory=$fresh"
  cp "$ROOT/pom.xml" "$fresh/.resolved-for"
  chmod 755 "$fresh"
  rm -rf "$home/jars"
  mv -T "$fresh" "$home/jars"
}

# file_uri PATH: a file URI without a character that Java options or Log4j would take apart.
file_uri() {
  local LC_ALL=C path=$1 uri="file:" i character
  for ((i = 0; i < ${#path}; i++)); do
    character=${path:i:1}
    case $character in
      [a-zA-Z0-9/._~-]) uri+=$character ;;
      *) printf -v character '%%%02X' "'$character" && uri+=$character ;;
    esac
  done
  printf '%s' "$uri"
}

# joined_profiles FILE...: one file of them all, since Spark takes one; where two have a key, the later one counts.
joined_profiles() {
  local folder=$ROOT/target/profiles file text name fresh
  for file in "$@"; do
    [[ -f $file && -r $file ]] || fail "Cannot launch: there is no profile $file. Give --properties-file a file such as those under conf/spark."
  done
  text=$(for file in "$@"; do cat -- "$file" && printf '\n'; done)
  name=$(printf '%s' "$text" | sha256sum)
  mkdir -p "$folder"
  fresh=$(mktemp "$folder/.XXXXXX") # which others cannot read: a profile may hold a secret
  printf '%s\n' "$text" >"$fresh"
  mv -f "$fresh" "$folder/${name%% *}.conf"
  printf '%s' "$folder/${name%% *}.conf"
}

# Is there a spark-defaults.conf that Spark would read?
has_spark_defaults() {
  local folder=${SPARK_CONF_DIR:-${SPARK_HOME:+$SPARK_HOME/conf}}
  [[ -n $folder && -f $folder/spark-defaults.conf ]]
}

# Does a file of the user's say what Spark shall not show?
sets_redaction() {
  local folder=${SPARK_CONF_DIR:-${SPARK_HOME:+$SPARK_HOME/conf}} file
  for file in "${properties_files[@]}" "${folder:+$folder/spark-defaults.conf}"; do
    [[ -f $file ]] && grep -qE '^[[:space:]]*spark\.redaction\.regex[[:space:]=:]' -- "$file" && return 0
  done
  return 1
}

# Options that come before the user's, so that the user's win; into the array "defaults".
add_defaults() {
  local log_file=$ROOT/conf/log4j2.properties logging joined
  logging=-Dlog4j2.configurationFile=$(file_uri "$log_file")
  defaults=(
    --conf spark.executorEnv.OMP_WAIT_POLICY=PASSIVE
    --conf spark.executorEnv.DJL_OFFLINE=true
    --conf spark.executorEnv.LC_ALL=C.UTF-8
    --conf "spark.driver.defaultJavaOptions=$logging"
  )
  # On the command line it would win over the user's own file.
  sets_redaction || defaults+=(--conf "spark.redaction.regex=$REDACTED")
  case ${#properties_files[@]} in
    0)
      if ! has_spark_defaults; then
        defaults+=(--properties-file "$ROOT/conf/spark/cpu.conf")
        [[ -n $master ]] || master="local[*]"
      fi
      ;;
    1) defaults+=(--properties-file "${properties_files[0]}") ;;
    *)
      joined=$(joined_profiles "${properties_files[@]}")
      defaults+=(--properties-file "$joined")
      ;;
  esac
  case $master in
    local*)
      defaults+=(--conf "spark.executor.defaultJavaOptions=$logging")
      export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}
      ;;
    yarn*)
      # Containers find the file in their folder; on other clusters it would come after the logging has begun.
      defaults+=(--conf spark.executor.defaultJavaOptions=-Dlog4j2.configurationFile=log4j2.properties)
      user_files=$(join_list "$user_files" "$log_file")
      ;;
  esac
  [[ -z $user_files ]] || defaults+=(--files "$user_files")
}

# The natives of this platform beside the user's jars. Executors on this machine read them where they are.
all_jars() {
  local jars=$user_jars jar uri
  for jar in "$NATIVES"/*.jar; do
    [[ -f $jar ]] || continue
    uri=$jar
    [[ $master == local* ]] && uri=local:$(file_uri "$jar") && uri=local:${uri#local:file:}
    jars=$(join_list "$jars" "$uri")
  done
  printf '%s' "$jars"
}

# Turns the arguments of spark-submit into the command of Spark's own launcher, as bin/spark-submit does.
run_resolved_spark() {
  local java=${JAVA_HOME:+$JAVA_HOME/bin/}java tokens=() token count
  command -v "$java" >/dev/null || fail "Cannot launch: there is no $java. Install a JDK 17 or point JAVA_HOME at one."
  while IFS= read -r -d '' token; do
    # Spark asks for it in case of its linear algebra, which we do not use; the JVM would print a warning.
    [[ $token == --add-modules=jdk.incubator.vector ]] || tokens+=("$token")
  done < <(
    set +e
    "$java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main org.apache.spark.deploy.SparkSubmit "$@"
    printf '%d\0' $?
  )
  # A marker comes first, ended by a line feed; the exit code comes last.
  count=${#tokens[@]}
  [[ ${tokens[count - 1]} == 0 ]] || exit "${tokens[count - 1]}"
  tokens[1]=${tokens[1]#$'\n'}
  exec "${tokens[@]:1:count-2}"
}

# run_class CLASS WORD...: runs a class of the application jar on Spark. Does not return.
run_class() {
  local class=$1 jars submit=() defaults=()
  shift
  sort_options "$@"
  require_comma_free
  add_defaults
  if [[ -n ${SPARK_HOME:-} ]]; then
    [[ -x $SPARK_HOME/bin/spark-submit ]] || fail "Cannot launch: SPARK_HOME is $SPARK_HOME, which has no bin/spark-submit. Point it at a Spark 4.1 distribution, or unset it."
    submit=("$SPARK_HOME/bin/spark-submit")
  else
    submit=(run_resolved_spark)
  fi
  if [[ -z ${SPARKREEL_DRY_RUN:-} ]]; then
    ensure_jar
    [[ -n ${SPARK_HOME:-} ]] || ensure_spark
  fi
  jars=$(all_jars)
  export OMP_WAIT_POLICY=PASSIVE DJL_OFFLINE=true
  # A JVM refuses names of files that the locale's encoding has no letters for.
  [[ $(locale charmap 2>/dev/null) == UTF-8 ]] || export LC_ALL=C.UTF-8
  submit+=("${defaults[@]}" "${spark_options[@]}" ${jars:+--jars "$jars"} --class "$class" "$JAR" "${job_options[@]}")
  if [[ -n ${SPARKREEL_DRY_RUN:-} ]]; then
    printf '%s\0' "${submit[@]}"
    exit 0
  fi
  if [[ ${submit[0]} == run_resolved_spark ]]; then
    "${submit[@]}"
  fi
  exec "${submit[@]}"
}

# launch_job NAME CLASS WORD...: the whole of a launcher.
launch_job() {
  local name=$1 class=$2
  shift 2
  if (($# == 0)) || is_one_of --help "$@" || is_one_of -h "$@"; then
    cat "$ROOT/submit/lib/help/$name.txt" "$ROOT/submit/lib/help/launcher.txt"
    (($#)) || exit 2
    exit 0
  fi
  run_class "$class" "$@"
}
