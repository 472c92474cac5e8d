// Ends the private Redis of jest.integration.setup.cjs.
module.exports = async () => globalThis.stopTestRedis?.();
