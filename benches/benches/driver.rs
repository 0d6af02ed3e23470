//! The driver layer under criterion: `cargo bench -p batis-benches --bench driver`.

use batis_benches::work;
use criterion::{Criterion, criterion_group, criterion_main};

fn driver(c: &mut Criterion) {
    for work in work::of("driver") {
        let mut group = c.benchmark_group(work.name);
        for mut subject in work.subjects {
            group.bench_function(subject.name, |b| b.iter_custom(|n| subject.run(n)));
        }
        group.finish();
    }
}

criterion_group!(benches, driver);
criterion_main!(benches);
