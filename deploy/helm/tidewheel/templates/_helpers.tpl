{{/* First part of the names of objects. Leaves 24 characters for what follows. */}}
{{- define "tidewheel.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 39 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 39 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 39 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a component: dict "root" $ "component" "api" */}}
{{- define "tidewheel.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/*
All labels of an object of a component. Those that people give one kind of object go before those of all:
dict "root" $ "component" "api" "more" {...} "path" "api.podLabels"
*/}}
{{- define "tidewheel.labels" -}}
{{ include "tidewheel.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- $more := default dict .more -}}
{{- $path := .path -}}
{{- $all := merge (deepCopy $more) (default dict .root.Values.commonLabels) -}}
{{- range $name, $_ := $all -}}
{{- if regexMatch "^(app\\.kubernetes\\.io/(name|instance|component|version|managed-by)|helm\\.sh/chart)$" $name -}}
{{- fail (printf "%s: got %q, which the chart sets itself and finds its objects by" (ternary $path "commonLabels" (hasKey $more $name)) $name) -}}
{{- end -}}
{{- end -}}
{{- with $all }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image's whole name: dict "root" $ "image" {...} "path" "api.image" */}}
{{- define "tidewheel.image" -}}
{{- if not .image.repository -}}
{{- fail (printf "%s.repository: is required: the image of the pods" .path) -}}
{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- $tag := default .root.Chart.AppVersion .image.tag -}}
{{- if eq $tag "latest" -}}
{{- fail (printf "%s.tag: \"latest\" names another image tomorrow: name a version or a digest" .path) -}}
{{- end -}}
{{- printf "%s:%s" .image.repository $tag -}}
{{- end -}}
{{- end -}}

{{/*
Fails unless exactly one way to Redis is given, as the processes read it, without a password, and with TLS where there is an
authority for it.
*/}}
{{- define "tidewheel.checkRedis" -}}
{{- $ways := 0 -}}
{{- if .Values.redis.url }}{{ $ways = add $ways 1 }}{{ end -}}
{{- if .Values.redis.existingSecret }}{{ $ways = add $ways 1 }}{{ end -}}
{{- if .Values.redis.evaluation.enabled }}{{ $ways = add $ways 1 }}{{ end -}}
{{- if ne (int $ways) 1 -}}
{{- fail (printf "redis: give exactly one of redis.url, redis.existingSecret and redis.evaluation.enabled; got %d of them" (int $ways)) -}}
{{- end -}}
{{- if regexMatch "^[a-z+]+://[^/@]*:[^/@]+@|(?i)[?&][a-z]*password=" .Values.redis.url -}}
{{- fail "redis.url: holds a password, which everybody could read who sees the release: put the address into a secret and name it in redis.existingSecret" -}}
{{- end -}}
{{- $hosts := "([^/@ ]*@)?[^/@?#, ]+(,[^/@?#, ]+)*" -}}
{{- $server := "^rediss?://([^/@ ]*@)?[^/@?#, ]+(/[0-9]{0,4})?([?#][^ ]*)?$" -}}
{{- $several := printf "^rediss?[+](cluster://%s/?|sentinel://%s/[^/? ]+(/[0-9]{1,4})?([?][^ ]*)?)$" $hosts $hosts -}}
{{- if and .Values.redis.url (not (regexMatch $server .Values.redis.url)) (not (regexMatch $several .Values.redis.url)) -}}
{{- fail (printf "redis.url: got %q; allowed is redis://host[:port][/db], redis+cluster://host:port[,host:port ...], redis+sentinel://host:port[,host:port ...]/name[/db], or rediss... for TLS" .Values.redis.url) -}}
{{- end -}}
{{- if and .Values.redis.tls.caSecret (not .Values.redis.existingSecret) (not (hasPrefix "rediss" .Values.redis.url)) -}}
{{- fail (printf "redis.tls.caSecret: got %q, but connections to %s have no TLS, which an address with rediss:// has" .Values.redis.tls.caSecret (ternary "the Redis for evaluation" .Values.redis.url .Values.redis.evaluation.enabled)) -}}
{{- end -}}
{{- end -}}

{{/* The variables that tell a process where Redis is. */}}
{{- define "tidewheel.redisEnv" -}}
- name: TIDEWHEEL_REDIS_URL
{{- if .Values.redis.existingSecret }}
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.existingSecret }}
      key: {{ .Values.redis.existingSecretKey }}
{{- else if .Values.redis.evaluation.enabled }}
  value: {{ printf "redis://%s-redis:6379" (include "tidewheel.fullname" .) | quote }}
{{- else }}
  value: {{ .Values.redis.url | quote }}
{{- end }}
- name: TIDEWHEEL_KEY_PREFIX
  value: {{ .Values.redis.keyPrefix | quote }}
{{- with .Values.redis.partitions }}
- name: TIDEWHEEL_PARTITIONS
  value: {{ . | quote }}
{{- end }}
{{- if .Values.redis.tls.caSecret }}
- name: NODE_EXTRA_CA_CERTS
  value: {{ printf "/etc/tidewheel/redis-ca/%s" .Values.redis.tls.caSecretKey | quote }}
{{- end }}
{{- end -}}

{{/* Where traces and metrics go. */}}
{{- define "tidewheel.otlpEnv" -}}
{{- with .Values.otlp -}}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ .protocol | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ include "tidewheel.text" .traceRatio | quote }}
{{- if not .metrics }}
- name: OTEL_METRICS_EXPORTER
  value: prometheus
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A value as a process reads it: numbers in full, which would be 1e+06 otherwise. */}}
{{- define "tidewheel.text" -}}
{{- kindIs "string" . | ternary . (toJson .) -}}
{{- end -}}

{{/*
Variables that people add: a map, in the order of its names. Those that the chart sets are refused: some of all its pods, and
those of `also`. dict "root" $ "env" {...} "path" "api.env" "also" (list "POD_NAME")
*/}}
{{- define "tidewheel.extraEnv" -}}
{{- $path := .path -}}
{{- $taken := list "REDIS_URL" "TIDEWHEEL_REDIS_URL" "TIDEWHEEL_KEY_PREFIX" "TIDEWHEEL_PARTITIONS" "TIDEWHEEL_SHUTDOWN_TIMEOUT" "TIDEWHEEL_LOG_LEVEL" -}}
{{- $taken = concat $taken (list "TIDEWHEEL_API_HOST" "TIDEWHEEL_API_PORT" "TIDEWHEEL_GRPC_PORT" "TIDEWHEEL_DUTIES" "TIDEWHEEL_STRICT_DURABILITY") -}}
{{- range $setting := list "HOST" "PORT" "NAMESPACE" "TASK_QUEUES" "KINDS" "WORKFLOWS" "ACTIVITIES" "HOST_QUEUE" "IDENTITY" "MAX_CONCURRENT_ACTIVITIES" "MAX_CONCURRENT_WORKFLOW_TASKS" "MAX_CACHED_WORKFLOWS" "WORKFLOW_THREADS" -}}
{{- $taken = append $taken (printf "TIDEWHEEL_WORKER_%s" $setting) -}}
{{- end -}}
{{- $taken = concat $taken .also -}}
{{- if .root.Values.redis.tls.caSecret -}}
{{- $taken = append $taken "NODE_EXTRA_CA_CERTS" -}}
{{- end -}}
{{- if .root.Values.otlp.endpoint -}}
{{- $taken = concat $taken (list "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_PROTOCOL" "OTEL_TRACES_SAMPLER" "OTEL_TRACES_SAMPLER_ARG") -}}
{{- if not .root.Values.otlp.metrics -}}
{{- $taken = append $taken "OTEL_METRICS_EXPORTER" -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := .env }}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) }}
{{- fail (printf "%s: got the name %q; allowed are letters, digits and \"_\", and no digit first" $path $name) }}
{{- end }}
{{- if has $name $taken }}
{{- fail (printf "%s.%s: is set by the chart itself, which this would go behind the back of" $path $name) }}
{{- end }}
- name: {{ $name }}
  value: {{ include "tidewheel.text" $value | quote }}
{{- end }}
{{- end -}}

{{/* Fails when volumes of a pool clash with the chart's, or a mount has none: dict "root" $ "pool" {...} "path" "workerPools.orders" */}}
{{- define "tidewheel.checkVolumes" -}}
{{- $path := .path -}}
{{- $names := list "tmp" -}}
{{- $folders := list "/tmp" -}}
{{- if .root.Values.redis.tls.caSecret -}}
{{- $names = append $names "redis-ca" -}}
{{- $folders = append $folders "/etc/tidewheel/redis-ca" -}}
{{- end -}}
{{- range .pool.volumes -}}
{{- if has .name $names -}}
{{- fail (printf "%s.volumes: got the name %q, which the chart or another one has" $path (toString .name)) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .pool.volumeMounts -}}
{{- if not (has .name $names) -}}
{{- fail (printf "%s.volumeMounts: got the name %q, which no volume has" $path (toString .name)) -}}
{{- end -}}
{{- if has (clean (toString .mountPath)) $folders -}}
{{- fail (printf "%s.volumeMounts: got %q, where the chart or another one mounts a volume" $path (toString .mountPath)) -}}
{{- end -}}
{{- $folders = append $folders (clean (toString .mountPath)) -}}
{{- end -}}
{{- end -}}

{{/* Seconds from the end of a pod to SIGKILL, of which preStop takes the first: dict "preStop" 5 "shutdown" 30 "grace" null "path" "api" */}}
{{- define "tidewheel.grace" -}}
{{- $least := add (int .preStop) (int .shutdown) 15 -}}
{{- if kindIs "invalid" .grace -}}
{{- $least -}}
{{- else if lt (int .grace) (int $least) -}}
{{- fail (printf "%s.terminationGracePeriodSeconds: got %d; running work is killed before it may end unless it is %d or more (%sshutdownTimeoutSeconds and 15)" .path (int .grace) (int $least) (ternary "preStopSeconds, " "" (gt (int .preStop) 0))) -}}
{{- else -}}
{{- int .grace -}}
{{- end -}}
{{- end -}}

{{/* What every container may and may not do. */}}
{{- define "tidewheel.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "tidewheel.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Name of a component's service account: dict "account" {...} "name" "..." */}}
{{- define "tidewheel.serviceAccountName" -}}
{{- if .account.create -}}
{{- default .name .account.name -}}
{{- else -}}
{{- default "default" .account.name -}}
{{- end -}}
{{- end -}}

{{/* Constraints, or else a spread over nodes: dict "constraints" [...] "selector" "..." */}}
{{- define "tidewheel.spread" -}}
{{- if .constraints -}}
{{- toYaml .constraints -}}
{{- else -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- .selector | nindent 6 }}
{{- end -}}
{{- end -}}

{{/* minAvailable or maxUnavailable of a disruption budget: dict "pdb" {...} "path" "api.pdb" */}}
{{- define "tidewheel.pdbLimit" -}}
{{- $least := .pdb.minAvailable -}}
{{- $most := .pdb.maxUnavailable -}}
{{- if and (not (kindIs "invalid" $least)) (not (kindIs "invalid" $most)) -}}
{{- fail (printf "%s: minAvailable and maxUnavailable cannot go together: set one of them to null" .path) -}}
{{- else if not (kindIs "invalid" $least) -}}
minAvailable: {{ $least }}
{{- else if not (kindIs "invalid" $most) -}}
maxUnavailable: {{ $most }}
{{- else -}}
{{- fail (printf "%s: needs minAvailable or maxUnavailable" .path) -}}
{{- end -}}
{{- end -}}

{{/* The values of a pool: what it says, over the defaults. dict "root" $ "name" "orders" -> YAML */}}
{{- define "tidewheel.pool" -}}
{{- if not (regexMatch "^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$" .name) -}}
{{- fail (printf "workerPools: got the name %q; allowed are 1 to 16 lower-case letters, digits and \"-\", neither first nor last" .name) -}}
{{- end -}}
{{- $own := deepCopy (default dict (index .root.Values.workerPools .name)) -}}
{{- $pool := mergeOverwrite (deepCopy .root.Values.workerDefaults) $own -}}
{{- if not $pool.taskQueues -}}
{{- fail (printf "workerPools.%s.taskQueues: needs one queue at least" .name) -}}
{{- end -}}
{{- if and (not $pool.workflows) (not $pool.activities) -}}
{{- fail (printf "workerPools.%s: needs workflows, activities or both: there would be nothing to run" .name) -}}
{{- end -}}
{{- if and (has "workflow" $pool.kinds) (not $pool.workflows) -}}
{{- fail (printf "workerPools.%s.kinds: has \"workflow\", but workflows names no module" .name) -}}
{{- end -}}
{{- if and (has "activity" $pool.kinds) (not $pool.activities) -}}
{{- fail (printf "workerPools.%s.kinds: has \"activity\", but activities names no module" .name) -}}
{{- end -}}
{{- if and $pool.hostQueue (or (not $pool.activities) (and $pool.kinds (not (has "activity" $pool.kinds)))) -}}
{{- fail (printf "workerPools.%s.hostQueue: got true, which is for pools with activities, and this one does none" .name) -}}
{{- end -}}
{{- if and (has (toString $pool.rollingUpdate.maxUnavailable) (list "0" "0%")) (has (toString $pool.rollingUpdate.maxSurge) (list "0" "0%")) -}}
{{- fail (printf "workerPools.%s.rollingUpdate: maxUnavailable and maxSurge cannot both be 0: no pod would ever be replaced" .name) -}}
{{- end -}}
{{- if lt (int $pool.autoscaling.maxReplicas) (int $pool.autoscaling.minReplicas) -}}
{{- fail (printf "workerPools.%s.autoscaling.maxReplicas: got %d, which is less than minReplicas (%d)" .name (int $pool.autoscaling.maxReplicas) (int $pool.autoscaling.minReplicas)) -}}
{{- end -}}
{{- if and (eq $pool.autoscaling.type "hpa") (eq (int $pool.autoscaling.minReplicas) 0) -}}
{{- fail (printf "workerPools.%s.autoscaling.minReplicas: got 0, which type hpa cannot do: use keda, or 1" .name) -}}
{{- end -}}
{{- toYaml $pool -}}
{{- end -}}

{{/* Name of a pool's objects: dict "root" $ "name" "orders" */}}
{{- define "tidewheel.poolName" -}}
{{- printf "%s-worker-%s" (include "tidewheel.fullname" .root) .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Resource metrics of an autoscaler: cpu and memory by percent of the request. */}}
{{- define "tidewheel.resourceMetrics" -}}
{{- with .targetCPUUtilizationPercentage }}
- type: Resource
  resource:
    name: cpu
    target:
      type: Utilization
      averageUtilization: {{ . }}
{{- end }}
{{- with .targetMemoryUtilizationPercentage }}
- type: Resource
  resource:
    name: memory
    target:
      type: Utilization
      averageUtilization: {{ . }}
{{- end }}
{{- end -}}

{{/* The kind of task that a pool does, if it does one only; else nothing. The pool's values are given. */}}
{{- define "tidewheel.poolKind" -}}
{{- if or (not .workflows) (eq (join "," .kinds) "activity") -}}
activity
{{- else if or (not .activities) (eq (join "," .kinds) "workflow") -}}
workflow
{{- end -}}
{{- end -}}
