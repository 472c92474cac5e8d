// Loaded into every process of a deployment before its program, so that a growth need not be announced minutes ahead.
import { Engine } from '@tidewheel/engine';

const LEASE_MS = 3_000;

const open = Engine.open.bind(Engine);
Engine.open = (options) => open({ ...options, placementLeaseMs: LEASE_MS });
