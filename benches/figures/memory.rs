//! The memory of the operator with as many warehouses as one answer of SHOW can tell.

use std::time::{Duration, Instant};

use crate::{Result, board::Board, cluster::Bed, emulator::Emulator, operator::Operator};

const N: usize = 9_500;
const PATIENCE: Duration = Duration::from_secs(400);

pub async fn take(board: &mut Board) -> Result<()> {
    board.step("a control plane starts");
    let bed = Bed::start(false).await?;
    let emulator = Emulator::start(Duration::ZERO).await?;
    board.step("9,500 warehouses are written to it");
    bed.fill(&emulator, N).await?;
    board.step("they are created");
    let mut first = Operator::start(&bed.kubeconfig, bed.folder.path(), &[])?;
    first.settled(N, PATIENCE).await?;
    board.note("peak memory while 9,500 are created", format!("{:.0} MiB", first.memory("VmHWM")?));
    first.kill().await?;
    board.step("another operator starts over what is settled");
    let begun = Instant::now();
    let mut operator = Operator::start(&bed.kubeconfig, bed.folder.path(), &[])?;
    operator.settled(N, PATIENCE).await?;
    let start = operator.memory("VmHWM")?;
    let (time, processor) = (begun.elapsed().as_secs_f64(), operator.processor()?);
    board.note("start over 9,500", format!("{time:.1} s, processor {processor:.1} s, peak {start:.0} MiB"));
    for n in ["first", "second", "third"] {
        board.step(&format!("the {n} resync"));
        let passes = operator.passes().await?;
        bed.request().await?;
        operator.passed(passes + N as f64, PATIENCE).await?;
    }
    let each = (operator.processor()? - processor) / 3.0;
    let now = operator.memory("VmRSS")?;
    board.note("a resync of 9,500", format!("processor {each:.1} s; {now:.0} MiB resident afterwards"));
    board.put("resident_9500_mib", operator.memory("VmHWM")?);
    operator.stop().await
}
