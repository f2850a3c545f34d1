# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Runs a class of the model module in one JVM, without Spark. Comes after launch.sh.

MODEL_RUNTIME=$ROOT/model/target/runtime

# Builds the module's jar where it is missing or older than a source, and resolves what it runs on.
ensure_model() {
  local jar newer fresh
  jar=$(model_jar)
  newer=$(find "$ROOT/pom.xml" "$ROOT/model/pom.xml" "$ROOT/model/src/main" ${jar:+-newer "$jar"} -print -quit)
  if [[ -z $jar || -n $newer ]]; then
    require_maven
    with_progress "building the model" mvn -B -q -Dstyle.color=never -f "$ROOT/pom.xml" -pl model -DskipTests package
  fi
  cmp -s "$ROOT/pom.xml" "$MODEL_RUNTIME/.resolved-for" && return 0
  require_maven
  fresh=$(mktemp -d "$ROOT/model/target/runtime.XXXXXX")
  with_progress "resolving what the model runs on (the first time downloads about 130 MB)" \
    mvn -B -q -Dstyle.color=never -f "$ROOT/pom.xml" -pl model dependency:copy-dependencies -DincludeScope=runtime \
    "-DoutputDirectory=$fresh"
  cp "$ROOT/pom.xml" "$fresh/.resolved-for"
  chmod 755 "$fresh"
  rm -rf "$MODEL_RUNTIME"
  mv -T "$fresh" "$MODEL_RUNTIME"
}

model_jar() {
  local jar
  for jar in "$ROOT"/model/target/sparkreel-model-*.jar; do
    if [[ -f $jar && $jar != *-sources.jar && $jar != *-javadoc.jar ]]; then
      printf '%s' "$jar"
      return
    fi
  done
}

# run_model_class CLASS WORD...: does not return.
run_model_class() {
  local class=$1 java=${JAVA_HOME:+$JAVA_HOME/bin/}java command
  shift
  [[ $ROOT != *:* ]] || fail "Cannot launch: $ROOT has a colon, which Java takes for the end of a path. Move the folder."
  [[ -n ${SPARKREEL_DRY_RUN:-} ]] || ensure_model
  # A sleeping thread pool is fair to others on this machine; a spinning one is a little faster without any.
  export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE} DJL_OFFLINE=true
  command=(
    "$java" -XX:+UseSerialGC -Xms32m -Xmn8m -Xmx"${SPARKREEL_HEAP:-2g}"
    "-Dlog4j2.configurationFile=$(file_uri "$ROOT/conf/log4j2.properties")"
    -cp "$(model_jar):$MODEL_RUNTIME/*" "$class" "$@"
  )
  if [[ -n ${SPARKREEL_DRY_RUN:-} ]]; then
    printf '%s\0' "${command[@]}"
    exit 0
  fi
  command -v "$java" >/dev/null || fail "Cannot launch: there is no $java. Install a JDK 17 or point JAVA_HOME at one."
  exec "${command[@]}"
}
