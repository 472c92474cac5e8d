import type { Handlers } from '../http/mount.js';

/** Answers everything about the search attributes of namespaces. */
export const searchAttributeHandlers: Pick<
  Handlers,
  'listSearchAttributes' | 'addSearchAttributes' | 'removeSearchAttribute'
> = {
  async listSearchAttributes({ params }, { ask }) {
    const { custom, system } = await ask((engine) => engine.listSearchAttributes(params.namespace));
    return { customAttributes: custom, systemAttributes: system };
  },

  async addSearchAttributes({ params, body }, { ask }) {
    await ask((engine) => engine.addSearchAttributes(params.namespace, body.searchAttributes));
    return {};
  },

  async removeSearchAttribute({ params }, { ask }) {
    await ask((engine) => engine.removeSearchAttributes(params.namespace, [params.attribute]));
    return {};
  },
};
