/** The activity of all scenarios. */
export const activities = {
  /** Gives back what it is given. */
  echo: (value: string): Promise<string> => Promise.resolve(value),
};
