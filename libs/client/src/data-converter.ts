import { defaultFailureConverter, defaultPayloadConverter } from '@tidewheel/common';
import type { FailureConverter, PayloadConverter } from '@tidewheel/common';

/** How values and errors travel; what is left out is the default of \@tidewheel/common. */
export interface DataConverter {
  readonly payloadConverter?: PayloadConverter;
  readonly failureConverter?: FailureConverter;
}

/** A data converter with nothing left out. */
export type LoadedDataConverter = Required<DataConverter>;

/** Fills in the defaults. */
export function loadDataConverter(converter: DataConverter = {}): LoadedDataConverter {
  return {
    payloadConverter: converter.payloadConverter ?? defaultPayloadConverter,
    failureConverter: converter.failureConverter ?? defaultFailureConverter,
  };
}
