import { DefaultFailureConverter } from '@temporalio/common';

/** Hides messages and stack traces of failures where codecs can encrypt them. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
