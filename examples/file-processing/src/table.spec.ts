import { columnStatistics } from './statistics.js';
import { parseTable } from './table.js';

describe('parseTable', () => {
  it('reads quoted fields, doubled quotes, line ends of either kind and missing values', () => {
    const text = 'name,"note, long",size\r\n"Ada ""Countess""","two\nlines",1.5\nBob,,\n';
    expect(parseTable(text, 'people.csv')).toEqual({
      columns: ['name', 'note, long', 'size'],
      rows: [
        ['Ada "Countess"', 'two\nlines', 1.5],
        ['Bob', null, null],
      ],
    });
  });

  it('reads lists of objects that lack some of the fields', () => {
    expect(parseTable('[{"a": 1}, {"b": [true]}]', 'list.json')).toEqual({
      columns: ['a', 'b'],
      rows: [
        [1, null],
        [null, '[true]'],
      ],
    });
  });

  it.each([
    ['{}', 'x.json', /x\.json cannot be read: .*holds no list/],
    ['[', 'x.json', /x\.json cannot be read/],
    ['', 'x.png', /x\.png is neither \.csv nor \.json/],
  ])('refuses %j as %s for good', (text, name, message) => {
    expect(() => parseTable(text, name)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), nonRetryable: true }) as Error,
    );
  });
});

describe('columnStatistics', () => {
  it('describes columns of numbers, of text, of both and of nothing', () => {
    const table = parseTable('n,t,both,none\n1,b,1,\n2,a,x,\n4,,x,\n', 'x.csv');
    expect(columnStatistics(table)).toEqual({
      rows: 3,
      columns: {
        n: {
          type: 'number',
          count: 3,
          missing: 0,
          min: 1,
          max: 4,
          mean: expect.closeTo(7 / 3),
          standardDeviation: expect.closeTo(Math.sqrt(7 / 3)),
        },
        t: { type: 'text', count: 2, missing: 1, distinct: 2, mostFrequent: { value: 'a', count: 1 } },
        both: { type: 'text', count: 3, missing: 0, distinct: 2, mostFrequent: { value: 'x', count: 2 } },
        none: { type: 'text', count: 0, missing: 3, distinct: 0 },
      },
    });
  });
});
