//! The mapper layer under criterion: `cargo bench -p batis-benches --bench mapper`.

use batis_benches::work;
use criterion::{Criterion, criterion_group, criterion_main};

fn mapper(c: &mut Criterion) {
    for work in work::of("mapper") {
        let mut group = c.benchmark_group(work.name);
        for mut subject in work.subjects {
            group.bench_function(subject.name, |b| b.iter_custom(|n| subject.run(n)));
        }
        group.finish();
    }
}

criterion_group!(benches, mapper);
criterion_main!(benches);
