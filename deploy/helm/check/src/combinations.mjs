import { LEAST, POOL } from './render.mjs';

const SECRET = { redis: { existingSecret: 'redis-address' } };

/** Values that people may write, by what is special about them; all must render to sound objects. */
export const COMBINATIONS = {
  'an address, nothing else': LEAST,
  'an address in a secret, under a key of its own': {
    redis: {
      existingSecret: 'redis-address',
      existingSecretKey: 'address',
      keyPrefix: 'flows',
      partitions: 4,
    },
  },
  'TLS with an authority of its own': {
    redis: { url: 'rediss://redis.data:6380', tls: { caSecret: 'redis-ca' } },
    workerPools: { orders: POOL },
  },
  Sentinel: {
    redis: { url: 'redis+sentinel://a.data:26379,b.data:26379/primary' },
    networkPolicy: { enabled: true, restrictEgress: true, redisPorts: [6379, 26379] },
  },
  'Cluster with TLS, a password and an authority of its own': {
    redis: {
      existingSecret: 'cluster-address',
      partitions: 12,
      tls: { caSecret: 'redis-ca', caSecretKey: 'ca' },
    },
    workerPools: { orders: POOL },
  },
  Cluster: { redis: { url: 'redis+cluster://a.data:6379,b.data:6379', partitions: 12 } },
  'Redis for evaluation': {
    redis: { evaluation: { enabled: true, storageClassName: 'fast', storage: '5Gi' } },
    networkPolicy: { enabled: true, restrictEgress: true },
  },
  'traces and metrics to a collector': {
    ...LEAST,
    otlp: { endpoint: 'https://collector.observability:4318/otlp', traceRatio: 1 },
    workerPools: { orders: POOL },
  },
  'an API that scales, behind an ingress': {
    ...SECRET,
    api: {
      autoscaling: { enabled: true, targetMemoryUtilizationPercentage: 80 },
      ingress: {
        enabled: true,
        className: 'nginx',
        annotations: { 'example.com/a': 'b' },
        hosts: [{ host: 'flows.example', paths: ['/', '/other'] }, { host: 'b.example' }],
        tls: [{ hosts: ['flows.example'], secretName: 'flows-tls' }],
      },
      service: { type: 'LoadBalancer', port: 80, grpcPort: 443, annotations: { a: 'b' } },
      serviceAccount: { create: false, name: 'mine' },
      env: { LOG: 'x', COUNT: 3 },
      envFrom: [{ secretRef: { name: 'more' } }],
    },
  },
  'an API without gRPC, duties, account and budget': {
    ...LEAST,
    api: {
      grpc: { enabled: false },
      duties: false,
      serviceAccount: { create: false },
      pdb: { enabled: false },
      preStopSeconds: 0,
      terminationGracePeriodSeconds: 120,
    },
    preflight: { enabled: false },
  },
  'pools of every kind': {
    ...SECRET,
    imagePullSecrets: [{ name: 'pull' }],
    commonLabels: { team: 'flows' },
    workerDefaults: { image: { repository: 'registry.example/all', digest: `sha256:${'a'.repeat(64)}` } },
    workerPools: {
      orders: { ...POOL, hostQueue: true, maxCachedWorkflows: 0, kinds: ['workflow', 'activity'] },
      decisions: { taskQueues: ['orders'], workflows: '/app/workflows.js', kinds: ['workflow'], replicas: 5 },
      gpu: {
        taskQueues: ['video', 'audio'],
        activities: ['/app/a.js', '/app/b.js'],
        nodeSelector: { 'cloud.example/accelerator': 'gpu' },
        tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
        resources: { limits: { 'nvidia.com/gpu': 1 } },
        rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
        },
        volumes: [{ name: 'scratch', emptyDir: {} }],
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { a: 'b' } },
          },
        ],
        priorityClassName: 'low',
        runtimeClassName: 'nvidia',
        shutdownTimeoutSeconds: 600,
        slots: { activities: 1 },
        pdb: { minAvailable: '50%', maxUnavailable: null },
        serviceAccount: { create: true, name: 'gpu', annotations: { role: 'r' } },
        podAnnotations: { a: 'b' },
        podLabels: { c: 'd' },
      },
    },
    networkPolicy: {
      enabled: true,
      apiFrom: [{ namespaceSelector: {} }],
      workersFrom: [{ namespaceSelector: {} }],
    },
  },
  'pools that scale': {
    ...LEAST,
    workerPools: {
      resources: { ...POOL, autoscaling: { type: 'hpa' } },
      backlog: {
        ...POOL,
        taskQueues: ['a', 'b'],
        autoscaling: {
          type: 'hpa',
          targetTasksPerWorker: 10,
          targetCPUUtilizationPercentage: null,
          targetMemoryUtilizationPercentage: null,
        },
      },
      keda: { ...POOL, taskQueues: ['a b', 'c/d'], autoscaling: { type: 'keda', targetTasksPerWorker: 10 } },
      token: {
        ...POOL,
        taskQueues: ['a', 'b'],
        autoscaling: { type: 'keda', targetTasksPerWorker: 10, tokenSecret: 'api-token' },
      },
      zero: {
        ...POOL,
        autoscaling: {
          type: 'keda',
          minReplicas: 0,
          targetTasksPerWorker: 1,
          targetCPUUtilizationPercentage: null,
          targetMemoryUtilizationPercentage: null,
        },
      },
    },
  },
  'everything that is watched': {
    ...LEAST,
    workerPools: { orders: POOL },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
    dashboard: { enabled: true },
    networkPolicy: {
      enabled: true,
      restrictEgress: true,
      redisTo: [{ ipBlock: { cidr: '10.0.0.0/8' } }],
      extraEgress: [{}],
    },
  },
  'names of its own': {
    ...LEAST,
    fullnameOverride: 'flows-of-the-company-with-a-very-long-name',
    workerPools: { orders: POOL },
  },
};
